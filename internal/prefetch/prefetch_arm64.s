#include "textflag.h"

// func At(base unsafe.Pointer, offsets []uint32)
TEXT ·At(SB), NOSPLIT, $0-32
	MOVD base+0(FP), R0
	MOVD offsets_base+8(FP), R1
	MOVD offsets_len+16(FP), R2
	ADD  R2<<2, R1, R2
	B    test

next:
	MOVWU.P 4(R1), R3
	ADD     R0, R3, R4
	PRFM    (R4), PLDL1KEEP

test:
	CMP R2, R1
	BLO next
	RET
