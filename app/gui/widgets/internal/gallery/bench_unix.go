//go:build unix

package main

import (
	"fmt"
	"image"
	"syscall"
	"time"

	"fyne.io/fyne/v2"

	"winnow/app/gui/widgets"
	"winnow/internal/trace"
)

func init() { benchmark = timePictureView }

// timePictureView updates overlay and mask at a fixed pace and prints the processor time that each
// update took from the whole process, painting included, less what the idle window takes.
func timePictureView(w fyne.Window, img image.Image) {
	p := widgets.NewPictureView()
	fill(p, img)
	w.SetContent(p)
	go func() {
		time.Sleep(2 * time.Second)
		const n = 100
		pace := 40 * time.Millisecond
		timed := func(name string, do func(i int)) {
			start, cpu := time.Now(), processor()
			for i := range n {
				next := time.Now().Add(pace)
				fyne.DoAndWait(func() { do(i) })
				time.Sleep(time.Until(next))
			}
			fmt.Printf("%-28s %5.1f ms of processor time each, in %v\n", name,
				float64((processor()-cpu).Microseconds())/1000/n, time.Since(start).Round(time.Millisecond))
		}
		for _, side := range []int{16, 24} {
			fyne.DoAndWait(func() { p.SetGrid(trace.Box{X1: 672, Y1: 672}, side, side) })
			masks, overs := [2][]bool{}, [2]*image.RGBA{}
			for i := range masks {
				masks[i], overs[i] = sample(side, i)
			}
			fmt.Printf("%d × %d cells, view %v\n", side, side, p.Size())
			timed("nothing", func(int) {})
			timed("alpha (repaint alone)", func(i int) { p.SetAlpha(1 - float64(i%2)/100) })
			timed("overlay", func(i int) { p.SetOverlay(overs[i%2]) })
			timed("frames", func(i int) { p.SetKept(masks[i%2]) })
			timed("overlay and frames", func(i int) { p.SetOverlay(overs[i%2]); p.SetKept(masks[i%2]) })
		}
		fyne.Do(func() { fyne.CurrentApp().Quit() })
	}()
}

// processor is the time that this process used so far, on all cores.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
