package gui

import (
	"context"
	"fmt"
	"math"
	"time"

	"fyne.io/fyne/v2"
)

// pair are the sides whose Jaccard index is drawn, of n.
func (c *comparison) pair(n int) (a, b int) {
	p := validPair(c.plan.Pair, n)
	return p[0], p[1]
}

// showLayers draws what each side keeps in each layer, and how alike the pair is.
func (c *comparison) showLayers() {
	s, list := c.state(), c.contenders()
	layers := s.LayerCount()
	var n []int
	for _, k := range list {
		if k.side != nil {
			n = append(n, len(k.side.Decisions), len(k.side.Layers))
		}
	}
	key := fmt.Sprint(n, layers, s.Time, s.Running, s.Ended, c.plan.Pair, len(list), c.w.look.Theme)
	if key != c.drawn.layers {
		c.drawn.layers = key
		d := layerData{of: s.VisualCount()}
		if layers > 0 && d.of > 0 {
			masks := make([][][]bool, len(list))
			for i, k := range list {
				kept := make([]int, layers)
				masks[i] = make([][]bool, layers)
				for l := range layers {
					kept[l] = -1
					if reached(k.side, l) {
						masks[i][l], _ = comparedMask(k.side, l)
						kept[l] = count(masks[i][l])
					}
				}
				d.kept = append(d.kept, kept)
			}
			if len(list) > 1 {
				a, b := c.pair(len(list))
				d.pair = letter(a) + " · " + letter(b)
				for l := range layers {
					d.jaccard = append(d.jaccard, alike(masks[a][l], masks[b][l]))
				}
			}
		}
		c.ui.layers.set(d)
	}
	c.ui.layers.seek(c.at)
}

// alike is the Jaccard index of two masks, 1 where both are empty; NaN where one is not known.
func alike(a, b []bool) float64 {
	if a == nil || len(a) != len(b) {
		return math.NaN()
	}
	both, any := 0, 0
	for i := range a {
		if a[i] && b[i] {
			both++
		}
		if a[i] || b[i] {
			any++
		}
	}
	if any == 0 {
		return 1
	}
	return float64(both) / float64(any)
}

func (c *comparison) openPairMenu() {
	n := len(c.contenders())
	a0, b0 := c.pair(n)
	var items []*fyne.MenuItem
	for a := range n {
		for b := a + 1; b < n; b++ {
			item := fyne.NewMenuItem(letter(a)+" · "+letter(b), func() {
				c.plan.Pair = [2]int{a, b}
				c.remember()
				c.showLayers()
			})
			item.Checked = a == a0 && b == b0
			items = append(items, item)
		}
	}
	c.w.popUp(c.ui.layers.pair, items)
}

// seek shows another layer.
func (c *comparison) seek(layer int) {
	n := c.state().LayerCount()
	if n == 0 {
		return
	}
	c.follow = false
	c.at = min(max(layer, 0), n-1)
	c.ui.layers.seek(c.at)
	c.showMaps()
}

func (c *comparison) step(by int) {
	c.stopPlaying()
	c.seek(c.at + by)
}

// setPlaying plays the layers once, from the first where the scrubber stands at the last.
func (c *comparison) setPlaying(on bool) {
	c.stopPlaying()
	if on {
		c.play(playPause)
	}
}

// replay plays a run that was over before it could be watched.
func (c *comparison) replay() {
	if n := c.state().LayerCount(); n > 1 {
		c.seek(0)
		c.play(min(playPause, replayTime/time.Duration(n)))
	}
}

func (c *comparison) play(pause time.Duration) {
	n := c.state().LayerCount()
	if n < 2 {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	c.playing = stop
	c.ui.layers.setPlaying(true)
	if c.at >= n-1 {
		c.seek(0)
	}
	c.playOn(ctx, pause)
}

func (c *comparison) playOn(ctx context.Context, pause time.Duration) {
	time.AfterFunc(pause, func() {
		c.w.do(func() {
			if ctx.Err() != nil || c.w.closed {
				return
			}
			c.seek(c.at + 1)
			if c.at >= c.state().LayerCount()-1 {
				c.stopPlaying()
				return
			}
			c.playOn(ctx, pause)
		})
	})
}

func (c *comparison) stopPlaying() {
	if c.playing != nil {
		c.playing()
		c.playing = nil
		c.ui.layers.setPlaying(false)
	}
}
