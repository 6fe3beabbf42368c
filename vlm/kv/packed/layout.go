package packed

import (
	"fmt"

	"winnow/internal/kernels"
)

// layout says how the channels of a row lie in its code bytes, and these in segments.
//
// A byte holds one channel of each lane (see package kernels), lane l being channels
// [l·width/lanes, (l+1)·width/lanes). Where that is a whole number of heads, a segment is the
// bytes of a few heads of every lane; else it is the row.
type layout struct {
	bits, lanes   int
	kvHeads, dim  int
	rowBytes      int
	segBytes      int // bytes of a row in one segment
	segments      int
	laneHeads     int // heads of a lane in one segment; 0 where lanes cut heads
	headsPerLane  int
	width, padded int // channels of a row; numbers of an unpacked segment row
}

// segmentBytes is about what a segment takes: two lines of cache a row.
const segmentBytes = 128

func newLayout(bits, kvHeads, dim int) (layout, error) {
	if bits != 2 && bits != 4 && bits != 8 {
		return layout{}, fmt.Errorf("rows cannot be stored in %d bits; choose 2, 4 or 8", bits)
	}
	l := layout{bits: bits, lanes: 8 / bits, kvHeads: kvHeads, dim: dim, width: kvHeads * dim}
	if l.width%l.lanes != 0 {
		return layout{}, fmt.Errorf("a row of %d channels does not fill bytes of %d codes; choose more bits", l.width, l.lanes)
	}
	l.rowBytes = l.width / l.lanes
	l.segBytes, l.segments = l.rowBytes, 1
	if kvHeads%l.lanes == 0 {
		l.headsPerLane = kvHeads / l.lanes
		l.laneHeads = 1
		for m := l.headsPerLane; m > 1; m-- {
			if l.headsPerLane%m == 0 && m*dim <= segmentBytes {
				l.laneHeads = m
				break
			}
		}
		l.segBytes = l.laneHeads * dim
		l.segments = l.rowBytes / l.segBytes
	}
	l.padded = l.segBytes * l.lanes
	return l, nil
}

// heads calls visit with every key head of a segment and where it begins in an unpacked row.
func (l layout) heads(segment int, visit func(head, offset int)) {
	if l.laneHeads == 0 {
		for h := range l.kvHeads {
			visit(h, h*l.dim)
		}
		return
	}
	for lane := range l.lanes {
		for j := range l.laneHeads {
			visit(lane*l.headsPerLane+segment*l.laneHeads+j, lane*l.segBytes+j*l.dim)
		}
	}
}

// at is where row r of a segment begins in the codes of rows rows.
func (l layout) at(segment, rows, r int) int { return (segment*rows + r) * l.segBytes }

// join writes the packed bytes of one row in channel order.
func (l layout) join(dst, codes []byte, rows, r int) {
	for s := range l.segments {
		copy(dst[s*l.segBytes:(s+1)*l.segBytes], codes[l.at(s, rows, r):])
	}
}

// store writes a row of one code a channel.
func (l layout) store(codes []byte, rows, r int, row []byte) {
	for k := range l.rowBytes {
		b := byte(0)
		for lane := range l.lanes {
			b |= row[lane*l.rowBytes+k] << (lane * l.bits)
		}
		codes[l.at(k/l.segBytes, rows, r)+k%l.segBytes] = b
	}
}

// expand writes a row's codes as numbers; room takes the packed row.
func (l layout) expand(dst []float32, codes []byte, rows, r int, room []byte) {
	l.join(room[:l.rowBytes], codes, rows, r)
	kernels.Unpack(dst, room[:l.rowBytes], l.bits, l.rowBytes)
}
