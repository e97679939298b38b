/* SPDX-License-Identifier: GPL-3.0-or-later */
/* msrs.c - model-specific registers of chips, see msrs.h. */
#include "core/msrs.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define CLAIMS 8u

struct msrs {
	uint32_t number[CLAIMS];
	struct {
		const struct msr_ops *ops;
		void *self;
	} owner[CLAIMS];
	unsigned int count;
	uint32_t watched[CLAIMS];
	unsigned int watched_count;
};

int msrs_create(struct msrs **msrs)
{
	*msrs = calloc(1, sizeof(**msrs));
	return *msrs ? 0 : -ENOMEM;
}

void msrs_destroy(struct msrs *msrs)
{
	free(msrs);
}

/* count: nobody has it. */
static unsigned int find(const struct msrs *msrs, uint32_t number)
{
	unsigned int i = 0;

	while (i < msrs->count && msrs->number[i] != number)
		i++;
	return i;
}

int msrs_claim(struct msrs *msrs, uint32_t number, const struct msr_ops *ops, void *self)
{
	if (find(msrs, number) < msrs->count)
		return -EEXIST;
	if (msrs->count == CLAIMS)
		return -ENOSPC;
	msrs->number[msrs->count] = number;
	msrs->owner[msrs->count].ops = ops;
	msrs->owner[msrs->count++].self = self;
	return 0;
}

bool msrs_read(const struct msrs *msrs, uint32_t number, uint64_t *value)
{
	unsigned int i = find(msrs, number);

	return i < msrs->count && msrs->owner[i].ops->read(msrs->owner[i].self, number, value);
}

bool msrs_write(const struct msrs *msrs, uint32_t number, uint64_t value)
{
	unsigned int i = find(msrs, number);

	return i < msrs->count && msrs->owner[i].ops->write(msrs->owner[i].self, number, value);
}

void msrs_watch(struct msrs *msrs, uint32_t number)
{
	for (unsigned int i = 0; i < msrs->watched_count; i++)
		if (msrs->watched[i] == number)
			return;
	if (msrs->watched_count < CLAIMS)
		msrs->watched[msrs->watched_count++] = number;
}

unsigned int msrs_watched(const struct msrs *msrs, const uint32_t **numbers)
{
	*numbers = msrs->watched;
	return msrs->watched_count;
}
