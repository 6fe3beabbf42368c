package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func halves() {
	begin("halvesAVX2", "func(dst *float32, src *uint16, n int)", "halvesAVX2 widens n/8*8 halves.")
	dst, src, n := param("dst"), param("src"), param("n")
	i := zero()
	loop("wide", i, n, 8, func() {
		y := YMM()
		VCVTPH2PS(Mem{Base: src, Index: i, Scale: 2}, y)
		VMOVUPS(y, Mem{Base: dst, Index: i, Scale: 4})
	})
	VZEROUPPER()
	RET()
}

// exp splits x into n·ln 2 + r with |r| ≤ ln 2 / 2, takes a polynomial for eʳ (the classic one
// of the Cephes library) and puts n into the exponent.
func exp() {
	begin("expAVX2", "func(x *float32, n int, shift float32) float32",
		"expAVX2 replaces n/8*8 numbers x by exp(x-shift) and returns their sum; below -87 it gives 0.")
	x, n := param("x"), param("n")
	shift := YMM()
	at, err := Param("shift").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(at.Addr, shift)
	f := func(name string, v float64) reg.VecVirtual { return broadcast(name, math.Float32bits(float32(v))) }
	f32 := func(name string, v float64) Mem { return eight(name, math.Float32bits(float32(v))) }
	low, log2e := f("low", -87), f("log2e", math.Log2E)
	ln2High, ln2Low := f("ln2high", 0.693359375), f("ln2low", -2.12194440e-4)
	one := f("one", 1)
	total := zeros()
	i := zero()
	loop("wide", i, n, 8, func() {
		v, keep, turns, p, r2 := YMM(), YMM(), YMM(), YMM(), YMM()
		place := Mem{Base: x, Index: i, Scale: 4}
		VMOVUPS(place, v)
		VSUBPS(shift, v, v)
		VCMPPS(Imm(5), low, v, keep) // not less than: a NaN stays one
		VMAXPS(v, low, v)
		VMULPS(log2e, v, turns)
		VROUNDPS(Imm(0), turns, turns)
		VFNMADD231PS(ln2High, turns, v)
		VFNMADD231PS(ln2Low, turns, v)
		VMOVUPS(f32("c5", 1.9875691500e-4), p)
		for _, c := range []struct {
			name  string
			value float64
		}{{"c4", 1.3981999507e-3}, {"c3", 8.3334519073e-3}, {"c2", 4.1665795894e-2}, {"c1", 1.6666665459e-1}, {"c0", 5.0000001201e-1}} {
			VFMADD213PS(f32(c.name, c.value), v, p)
		}
		VMULPS(v, v, r2)
		VFMADD213PS(v, r2, p) // p·r² + r
		VADDPS(one, p, p)
		VCVTPS2DQ(turns, turns)
		VPSLLD(Imm(23), turns, turns)
		VPADDD(turns, p, p)
		VANDPS(keep, p, p)
		VADDPS(p, total, total)
		VMOVUPS(p, place)
	})
	finish(total)
}

// finish returns the sum of a vector.
func finish(total reg.VecVirtual) {
	s := sum(total)
	Store(s, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// eight is a constant repeated to fill a vector, to be read from memory.
func eight(name string, bits uint32) Mem {
	if m, ok := eights[name]; ok {
		return m
	}
	m := GLOBL(name, 8|16) // RODATA, NOPTR
	for k := range 8 {
		DATA(4*k, U32(bits))
	}
	eights[name] = m
	return m
}

var eights = map[string]Mem{}

func largest() {
	begin("maxAVX2", "func(x *float32, n int) float32", "maxAVX2 returns the largest of n/8*8 numbers, at least eight.")
	x, n := param("x"), param("n")
	top := YMM()
	VMOVUPS(Mem{Base: x}, top)
	i := zero()
	loop("wide", i, n, 8, func() {
		VMAXPS(Mem{Base: x, Index: i, Scale: 4}, top, top)
	})
	high, turned := XMM(), XMM()
	VEXTRACTF128(Imm(1), top, high)
	VMAXPS(top.AsX(), high, high)
	VPERMILPS(Imm(0x4e), high, turned)
	VMAXPS(turned, high, high)
	VPERMILPS(Imm(0xb1), high, turned)
	VMAXPS(turned, high, high)
	Store(high, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func weigh() {
	begin("weighAVX2", "func(dst, a, b, c *float32, n int) float32",
		"weighAVX2 sets dst to a*b and returns the sum of a*c, over n/8*8 numbers.")
	dst, a, b, c, n := param("dst"), param("a"), param("b"), param("c"), param("n")
	total := zeros()
	i := zero()
	loop("wide", i, n, 8, func() {
		v, product := YMM(), YMM()
		VMOVUPS(Mem{Base: a, Index: i, Scale: 4}, v)
		VMULPS(Mem{Base: b, Index: i, Scale: 4}, v, product)
		VFMADD231PS(Mem{Base: c, Index: i, Scale: 4}, v, total)
		VMOVUPS(product, Mem{Base: dst, Index: i, Scale: 4})
	})
	finish(total)
}

func fold() {
	begin("foldAVX2", "func(o, acc, s *float32, n int, keep, shift float32)",
		"foldAVX2 sets o to o*keep + s*(acc+shift), over n/8*8 numbers.")
	o, acc, s, n := param("o"), param("acc"), param("s"), param("n")
	keep, shift := YMM(), YMM()
	for k, y := range []reg.VecVirtual{keep, shift} {
		name := []string{"keep", "shift"}[k]
		at, err := Param(name).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(at.Addr, y)
	}
	i := zero()
	loop("wide", i, n, 8, func() {
		out, sum := YMM(), YMM()
		VMULPS(Mem{Base: o, Index: i, Scale: 4}, keep, out)
		VADDPS(Mem{Base: acc, Index: i, Scale: 4}, shift, sum)
		VFMADD231PS(Mem{Base: s, Index: i, Scale: 4}, sum, out)
		VMOVUPS(out, Mem{Base: o, Index: i, Scale: 4})
	})
	VZEROUPPER()
	RET()
}
