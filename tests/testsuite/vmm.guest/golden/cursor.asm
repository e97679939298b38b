; SPDX-License-Identifier: GPL-3.0-or-later
; Boot sector that made cursor.png, and the register values in unit-screen.c:
;
;   nasm -f bin cursor.asm -o boot.bin
;   cat boot.bin prng.vram > floppy.img; truncate -s 1440K floppy.img
;   qemu-system-i386 -display none -fda floppy.img -debugcon file:registers -monitor stdio
;   (qemu) screendump cursor.ppm		repeat until the cursor's blinking shows it
;   pnmtopng cursor.ppm > cursor.png
;
; It was QEMU 7.2.22 with its SeaBIOS. The registers file has misc output, the
; sequencer, the CRTC, the graphics and the attribute controller, the DAC, input
; status 0 and feature control, as BIOS mode 3 leaves them.
bits 16
org 0x7C00

	xor ax, ax
	mov ds, ax
	mov ss, ax
	mov sp, 0x7C00
	push dx				; the drive
	mov ax, 3			; text mode 3
	int 0x10

	mov dx, 0x3CC
	in al, dx
	out 0xE9, al
	mov dx, 0x3C4
	mov cx, 5
	call registers
	mov dx, 0x3D4
	mov cx, 25
	call registers
	mov dx, 0x3CE
	mov cx, 9
	call registers

	xor bl, bl
attribute:
	mov dx, 0x3DA			; an index comes next
	in al, dx
	mov dx, 0x3C0
	mov al, bl
	out dx, al
	inc dx
	in al, dx
	out 0xE9, al
	inc bl
	cmp bl, 21
	jne attribute
	mov dx, 0x3DA
	in al, dx
	mov dx, 0x3C0
	mov al, 0x20			; the video on again
	out dx, al

	mov dx, 0x3C7
	xor al, al
	out dx, al
	mov dx, 0x3C9
	mov cx, 768
dac:	in al, dx
	out 0xE9, al
	loop dac
	mov dx, 0x3C2
	in al, dx
	out 0xE9, al
	mov dx, 0x3CA
	in al, dx
	out 0xE9, al

	mov ax, 0xB800			; prng.vram: the sectors that follow
	mov es, ax
	xor bx, bx
	mov cx, 2
	pop dx
	mov dh, 0
	mov ax, 0x0208
	int 0x13
	mov di, 4000			; blanks after it
	mov cx, 48
	mov ax, 0x0720
	rep stosw

	mov si, crtc
	mov dx, 0x3D4
	mov cx, 6
set:	lodsw
	out dx, ax
	loop set
end:	hlt
	jmp end

; The registers 0 to CX - 1 behind the index port DX.
registers:
	xor bl, bl
.next:	mov al, bl
	out dx, al
	inc dx
	in al, dx
	dec dx
	out 0xE9, al
	inc bl
	loop .next
	ret

; Start at cell 160; cursor at cell 333, from line 3 on.
crtc:	db 0x0A, 3, 0x0B, 31, 0x0C, 0, 0x0D, 160, 0x0E, 333 >> 8, 0x0F, 333 & 0xFF

times 510 - ($ - $$) db 0
	dw 0xAA55
