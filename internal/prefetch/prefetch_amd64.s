#include "textflag.h"

// func At(base unsafe.Pointer, offsets []uint32)
TEXT ·At(SB), NOSPLIT, $0-32
	MOVQ base+0(FP), DI
	MOVQ offsets_base+8(FP), SI
	MOVQ offsets_len+16(FP), CX
	LEAQ (SI)(CX*4), CX
	JMP  test

next:
	MOVL       (SI), AX
	PREFETCHT0 (DI)(AX*1)
	ADDQ       $4, SI

test:
	CMPQ SI, CX
	JLT  next
	RET
