package export

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"winnow/robotics/episode"
)

// msg holds the message definitions of ROS 2's common interfaces that are written here, without
// their comments, and one of our own.
//
//go:embed msg
var msg embed.FS

// definition is a schema as MCAP wants it: the message, then every message it is made of after a
// line of 80 "=" and a line that names it.
func definition(name string) (string, error) {
	top, err := msg.ReadFile("msg/" + name + ".msg")
	if err != nil {
		return "", fmt.Errorf("the message %s has no definition: %w", name, err)
	}
	text := string(top)
	seen := map[string]bool{name: true}
	for queue := parts(text); len(queue) > 0; queue = queue[1:] {
		part := queue[0]
		if seen[part] {
			continue
		}
		seen[part] = true
		b, err := msg.ReadFile("msg/" + part + ".msg")
		if err != nil {
			return "", fmt.Errorf("the message %s, part of %s, has no definition: %w", part, name, err)
		}
		text += strings.Repeat("=", 80) + "\nMSG: " + part + "\n" + string(b)
		queue = append(queue, parts(string(b))...)
	}
	return text, nil
}

// parts lists the messages that a definition's fields are made of.
func parts(text string) (out []string) {
	for line := range strings.Lines(text) {
		kind, _, _ := strings.Cut(line, " ")
		if kind = strings.TrimSuffix(kind, "[]"); strings.Contains(kind, "/") {
			out = append(out, kind)
		}
	}
	return out
}

// form is the message an action becomes.
type form int

const (
	vector     form = iota // Float64MultiArray: nothing is known of the numbers but their names
	trajectory             // JointTrajectory: joint positions
	twist                  // TwistStamped and a gripper: changes of the end effector's pose
)

// formOf decides by the dimensions' kinds and units. Only positions in rad or m are joint positions;
// an end effector's change has all six axes, for one that is left out would have to be guessed.
func formOf(dims []episode.Dim) form {
	n := map[episode.Kind]int{}
	positions := true
	for _, d := range dims {
		n[d.Kind]++
		positions = positions && (d.Kind != episode.Joint || position(d))
	}
	switch grip := n[episode.Gripper]; {
	case n[episode.Joint] > 0 && n[episode.Joint]+grip == len(dims) && positions:
		return trajectory
	case n[episode.Translation] == 3 && n[episode.Rotation] == 3 && grip <= 1 && 6+grip == len(dims):
		return twist
	}
	return vector
}

func position(d episode.Dim) bool {
	return (d.Kind == episode.Joint || d.Kind == episode.Gripper) && (d.Unit == "rad" || d.Unit == "m")
}

// joints are the places of the joint positions in a state.
func joints(dims []episode.Dim) (at []int, names []string) {
	for i, d := range dims {
		if position(d) {
			at, names = append(at, i), append(names, d.Name)
		}
	}
	return at, names
}

// jointState leaves velocity and effort empty: the message means "unknown" by that.
func jointState(ns int64, names []string, position []float64) []byte {
	c := newCDR()
	c.header(ns, "")
	c.texts(names)
	c.f64s(position)
	c.f64s(nil)
	c.f64s(nil)
	return c.b
}

// jointTrajectory has point k at k/fps after ns.
func jointTrajectory(ns int64, names []string, points [][]float32, fps int) []byte {
	c := newCDR()
	c.header(ns, "")
	c.texts(names)
	c.u32(uint32(len(points)))
	for k, p := range points {
		c.f64s(doubles(p))
		c.f64s(nil)
		c.f64s(nil)
		c.f64s(nil)
		c.stamp(int64(k) * 1e9 / int64(fps))
	}
	return c.b
}

// twistStamped takes three translations and three rotations in the order of their dimensions.
func twistStamped(ns int64, dims []episode.Dim, action []float32) []byte {
	c := newCDR()
	frame := ""
	for _, kind := range []episode.Kind{episode.Translation, episode.Rotation} {
		for _, d := range dims {
			if d.Kind == kind && frame == "" {
				frame = d.Frame
			}
		}
	}
	c.header(ns, frame)
	for _, kind := range []episode.Kind{episode.Translation, episode.Rotation} {
		for i, d := range dims {
			if d.Kind == kind {
				c.f64(float64(action[i]))
			}
		}
	}
	return c.b
}

// vectorArray is a Float64MultiArray of one dimension; its label names the numbers.
func vectorArray(dims []episode.Dim, v []float32) []byte {
	c := newCDR()
	c.u32(1)
	c.numbers(dims)
	c.f64s(doubles(v))
	return c.b
}

// matrixArray is one of two dimensions, [K×A] row by row.
func matrixArray(dims []episode.Dim, rows [][]float32) []byte {
	c := newCDR()
	c.u32(2)
	c.text("step")
	c.u32(uint32(len(rows)))
	c.u32(uint32(len(rows) * len(dims)))
	c.numbers(dims)
	c.f64s(doubles(slices.Concat(rows...)))
	return c.b
}

// numbers is the last dimension of a MultiArrayLayout, and the offset after it.
func (c *cdr) numbers(dims []episode.Dim) {
	labels := make([]string, len(dims))
	for i, d := range dims {
		labels[i] = fmt.Sprintf("%s [%s]", d.Name, d.Unit)
	}
	c.text(strings.Join(labels, ", "))
	c.u32(uint32(len(dims)))
	c.u32(uint32(len(dims)))
	c.u32(0)
}

func compressedImage(ns int64, frame string, p episode.Picture) []byte {
	c := newCDR()
	c.header(ns, frame)
	c.text(string(p.Format))
	c.bytes(p.Data)
	return c.b
}

// maskImage is mono8, one pixel a cell, 255 for kept.
func maskImage(ns int64, frame string, p *episode.Pruning) []byte {
	c := newCDR()
	c.header(ns, frame)
	c.u32(uint32(p.Rows))
	c.u32(uint32(p.Cols))
	c.text("mono8")
	c.u8(0)
	c.u32(uint32(p.Cols))
	cells := make([]byte, len(p.Mask))
	for i, kept := range p.Mask {
		if kept {
			cells[i] = 255
		}
	}
	c.bytes(cells)
	return c.b
}

func sparsityStats(ns int64, p *episode.Pruning) []byte {
	c := newCDR()
	c.header(ns, "")
	c.u32(uint32(p.Kept))
	c.u32(uint32(p.Total))
	c.f64(p.MS)
	c.f64(p.FLOPs)
	return c.b
}

func doubles(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}
