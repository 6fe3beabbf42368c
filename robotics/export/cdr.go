package export

import (
	"encoding/binary"
	"math"
	"time"
)

// cdr encodes one ROS 2 message: little-endian XCDR1, as DDS sends it. Four header bytes come first
// and alignment is counted after them. (OMG CORBA 3.3 part 2, section 9.3; DDS-XTypes 1.3, 7.4.)
type cdr struct{ b []byte }

func newCDR() *cdr { return &cdr{b: []byte{0, 1, 0, 0}} }

func (c *cdr) align(n int) {
	for (len(c.b)-4)%n != 0 {
		c.b = append(c.b, 0)
	}
}

func (c *cdr) u8(v uint8) { c.b = append(c.b, v) }

func (c *cdr) boolean(v bool) {
	if v {
		c.u8(1)
	} else {
		c.u8(0)
	}
}

func (c *cdr) u32(v uint32) {
	c.align(4)
	c.b = binary.LittleEndian.AppendUint32(c.b, v)
}

func (c *cdr) f64(v float64) {
	c.align(8)
	c.b = binary.LittleEndian.AppendUint64(c.b, math.Float64bits(v))
}

// text counts its closing zero byte.
func (c *cdr) text(s string) {
	c.u32(uint32(len(s) + 1))
	c.b = append(c.b, s...)
	c.b = append(c.b, 0)
}

func (c *cdr) texts(s []string) {
	c.u32(uint32(len(s)))
	for _, t := range s {
		c.text(t)
	}
}

// f64s pads to 8 before the first number only: an empty sequence has no padding.
func (c *cdr) f64s(v []float64) {
	c.u32(uint32(len(v)))
	for _, x := range v {
		c.f64(x)
	}
}

func (c *cdr) bytes(v []byte) {
	c.u32(uint32(len(v)))
	c.b = append(c.b, v...)
}

// stamp is a builtin_interfaces/Time or Duration.
func (c *cdr) stamp(ns int64) {
	c.u32(uint32(int32(ns / int64(time.Second))))
	c.u32(uint32(ns % int64(time.Second)))
}

// header is a std_msgs/Header.
func (c *cdr) header(ns int64, frame string) {
	c.stamp(ns)
	c.text(frame)
}
