package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for _, bits := range []int{2, 4, 8} {
		unpack(bits)
	}
	dots(1)
	dots(2)
	axpy()
	halves()
	exp()
	largest()
	weigh()
	fold()
	Generate()
}

// begin opens a kernel that never grows its stack.
func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Doc(doc)
}

// param loads a pointer or an integer.
func param(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// times returns a copy of r multiplied by a power of two.
func times(r reg.GPVirtual, shift uint64) reg.GPVirtual {
	out := GP64()
	MOVQ(r, out)
	SHLQ(Imm(shift), out)
	return out
}

// loop repeats body while at+step is at most end, and adds step to at after each turn.
func loop(label string, at, end reg.GPVirtual, step uint64, body func()) {
	last := GP64()
	MOVQ(end, last)
	SUBQ(U32(step), last)
	CMPQ(at, last)
	JG(LabelRef(label + "_end"))
	Label(label)
	body()
	ADDQ(U32(step), at)
	CMPQ(at, last)
	JLE(LabelRef(label))
	Label(label + "_end")
}

func zero() reg.GPVirtual {
	r := GP64()
	XORQ(r, r)
	return r
}

func zeros() reg.VecVirtual {
	y := YMM()
	VXORPS(y, y, y)
	return y
}

// sum adds the eight numbers of y up, into the first of the result.
func sum(y reg.VecVirtual) reg.VecVirtual {
	high := XMM()
	VEXTRACTF128(Imm(1), y, high)
	VADDPS(y.AsX(), high, high)
	VHADDPS(high, high, high)
	VHADDPS(high, high, high)
	return high
}

// broadcast fills a vector with a constant of four bytes.
func broadcast(name string, bits uint32) reg.VecVirtual {
	y := YMM()
	VBROADCASTSS(ConstData(name, U32(bits)), y)
	return y
}
