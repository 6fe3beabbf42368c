package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unpack widens rows of codes. Eight bytes become eight words; lane l of a byte is shifted
// down and masked, and lies l·rowBytes numbers into the row that is written.
func unpack(bits int) {
	lanes := 8 / bits
	begin(fmt.Sprintf("unpack%dAVX2", bits), "func(dst *float32, src *byte, rowBytes, rows int)",
		fmt.Sprintf("unpack%dAVX2 widens the first rowBytes/8*8 bytes of each row of %d-bit codes.", bits, bits))
	src, rowBytes, rows := param("src"), param("rowBytes"), param("rows")
	to := []reg.GPVirtual{param("dst")}
	lane := times(rowBytes, 2)
	for l := 1; l < lanes; l++ {
		next := GP64()
		LEAQ(Mem{Base: to[l-1], Index: lane, Scale: 1}, next)
		to = append(to, next)
	}
	rowStep := GP64()
	MOVQ(lane, rowStep)
	if lanes > 1 {
		SHLQ(Imm(uint64(lanes/2)), rowStep) // 2 lanes: ×2, 4 lanes: ×4
	}
	var mask reg.VecVirtual
	if lanes > 1 {
		mask = broadcast(fmt.Sprintf("mask%d", bits), 1<<bits-1)
	}
	Label("row")
	TESTQ(rows, rows)
	JE(LabelRef("done"))
	i := zero()
	loop("bytes", i, rowBytes, 8, func() {
		codes := YMM()
		VPMOVZXBD(Mem{Base: src, Index: i, Scale: 1}, codes)
		for l := range lanes {
			one := codes
			if l > 0 {
				one = YMM()
				VPSRLD(Imm(uint64(l*bits)), codes, one)
			}
			if l < lanes-1 { // above the last lane there is nothing to mask
				masked := YMM()
				VPAND(mask, one, masked)
				one = masked
			}
			float := YMM()
			VCVTDQ2PS(one, float)
			VMOVUPS(float, Mem{Base: to[l], Index: i, Scale: 4})
		}
	})
	ADDQ(rowBytes, src)
	for _, p := range to {
		ADDQ(rowStep, p)
	}
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// dots multiplies queries (one or two) with rows, four rows at a time: as many sums as hide
// the time of a multiplication, and four of them fold into one vector of results.
func dots(queries int) {
	begin(fmt.Sprintf("dots%dAVX2", queries), "func(dst *float32, ld int, q, x *float32, stride, dim, rows int)",
		fmt.Sprintf("dots%dAVX2 sets dst[j*ld+r] to the product of query j and row r over dim/8*8 numbers; q holds %d queries of dim.", queries, queries))
	dst := []reg.GPVirtual{param("dst")}
	ld := times(param("ld"), 2)
	q := []reg.GPVirtual{param("q")}
	x := []reg.GPVirtual{param("x")}
	stride, dim, rows := times(param("stride"), 2), times(param("dim"), 2), param("rows")
	if queries == 2 {
		d, p := GP64(), GP64()
		LEAQ(Mem{Base: dst[0], Index: ld, Scale: 1}, d)
		LEAQ(Mem{Base: q[0], Index: dim, Scale: 1}, p)
		dst, q = append(dst, d), append(q, p)
	}
	for r := 1; r < 4; r++ {
		x = append(x, GP64())
	}
	for _, block := range []int{4, 1} {
		label := fmt.Sprintf("rows%d", block)
		Label(label)
		CMPQ(rows, Imm(uint64(block)))
		JL(LabelRef(label + "_end"))
		for r := 1; r < block; r++ {
			LEAQ(Mem{Base: x[r-1], Index: stride, Scale: 1}, x[r])
		}
		sums := make([][]reg.VecVirtual, queries)
		for j := range sums {
			for range block {
				sums[j] = append(sums[j], zeros())
			}
		}
		i := zero()
		loop(fmt.Sprintf("dim%d", block), i, dim, 32, func() {
			var qs []reg.VecVirtual
			for j := range queries {
				qs = append(qs, YMM())
				VMOVUPS(Mem{Base: q[j], Index: i, Scale: 1}, qs[j])
			}
			for r := range block {
				row := YMM()
				VMOVUPS(Mem{Base: x[r], Index: i, Scale: 1}, row)
				for j := range queries {
					VFMADD231PS(row, qs[j], sums[j][r])
				}
			}
		})
		for j := range queries {
			if s := sums[j]; block == 4 {
				VHADDPS(s[1], s[0], s[0])
				VHADDPS(s[3], s[2], s[2])
				VHADDPS(s[2], s[0], s[0])
				high := XMM()
				VEXTRACTF128(Imm(1), s[0], high)
				VADDPS(s[0].AsX(), high, high)
				VMOVUPS(high, Mem{Base: dst[j]})
			} else {
				VMOVSS(sum(s[0]), Mem{Base: dst[j]})
			}
			ADDQ(Imm(uint64(4*block)), dst[j])
		}
		LEAQ(Mem{Base: x[block-1], Index: stride, Scale: 1}, x[0])
		SUBQ(Imm(uint64(block)), rows)
		JMP(LabelRef(label))
		Label(label + "_end")
	}
	VZEROUPPER()
	RET()
}

// axpy keeps up to 64 sums in registers while it walks down the rows.
func axpy() {
	begin("axpyAVX2", "func(acc, w, x *float32, stride, dim, rows int)",
		"axpyAVX2 adds w[r]*x[r*stride+i] over all rows to acc[i], for the first dim/8*8 i.")
	acc, w, x := param("acc"), param("w"), param("x")
	stride, dim, rows := times(param("stride"), 2), times(param("dim"), 2), param("rows")
	at := zero()
	for _, vectors := range []int{8, 4, 1} {
		loop(fmt.Sprintf("wide%d", vectors), at, dim, uint64(32*vectors), func() {
			var sums []reg.VecVirtual
			for v := range vectors {
				sums = append(sums, YMM())
				VMOVUPS(Mem{Base: acc, Index: at, Scale: 1, Disp: 32 * v}, sums[v])
			}
			row := GP64()
			LEAQ(Mem{Base: x, Index: at, Scale: 1}, row)
			r := zero()
			loop(fmt.Sprintf("down%d", vectors), r, rows, 1, func() {
				weight := YMM()
				VBROADCASTSS(Mem{Base: w, Index: r, Scale: 4}, weight)
				for v := range vectors {
					VFMADD231PS(Mem{Base: row, Disp: 32 * v}, weight, sums[v])
				}
				ADDQ(stride, row)
			})
			for v := range vectors {
				VMOVUPS(sums[v], Mem{Base: acc, Index: at, Scale: 1, Disp: 32 * v})
			}
		})
	}
	VZEROUPPER()
	RET()
}
