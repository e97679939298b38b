# SPDX-License-Identifier: GPL-3.0-or-later
# Manual pages and the shell completion.

dist_man_MANS = man/vmm.1 man/vmm-lockstep.1 man/vmm-engines.7 man/vmm-hypercall.7 \
	man/vmm-machine.7 man/vmm-services.7 man/vmm-simvirtio.7
MAINTAINERCLEANFILES += man/vmm.1 man/vmm-lockstep.1
EXTRA_DIST += man/vmm.h2m man/vmm-lockstep.h2m man/demo.png

# Made from what the programs say of themselves. A page depends on the sources of
# that text, not on the program, so that a tarball, which has the page, can be
# built without help2man; the program only has to be there first (after the |).
# help2man gives a date that mandoc cannot read, and takes the end of an
# argument for something else: FILE@ADDR, auto|none.
program_page = \
	$(MKDIR_P) man && \
	$(HELP2MAN) --no-info --no-discard-stderr --section=1 --name="$$name" \
	  --include=$(srcdir)/$(@:.1=.h2m) --output=$@.help2man ./$(@F:.1=$(EXEEXT)) && \
	date=`date -u -d "@$${SOURCE_DATE_EPOCH:-$$(date +%s)}" +%Y-%m-%d` && \
	sed -e "s/^\(\.TH [^ ]* \"1\"\) \"[^\"]*\"/\1 $$date/" \
	  -e 's/\\\/\\fR\([|@][^ ]*\)/\1\\\/\\fR/' $@.help2man >$@.tmp && \
	rm -f $@.help2man && mv -f $@.tmp $@

man/vmm.1: man/vmm.h2m src/options.c configure.ac | vmm$(EXEEXT)
	$(AM_V_GEN)name='run small x86 kernels in a virtual machine' && $(program_page)

man/vmm-lockstep.1: man/vmm-lockstep.h2m src/options.c configure.ac | vmm-lockstep$(EXEEXT)
	$(AM_V_GEN)name='compare two engines of vmm, instruction by instruction' && $(program_page)

nodist_bashcompletion_DATA = completion/vmm completion/vmm-lockstep
CLEANFILES += $(nodist_bashcompletion_DATA)
EXTRA_DIST += completion/vmm.in

completion/vmm: completion/vmm.in Makefile
	$(AM_V_GEN)$(MKDIR_P) completion && \
	sed 's|@pkgdatadir[@]|$(pkgdatadir)|g' $(srcdir)/completion/vmm.in >$@.tmp && \
	mv -f $@.tmp $@

# bash-completion looks for a file of the command's name.
completion/vmm-lockstep: completion/vmm
	$(AM_V_GEN)cp completion/vmm $@
