package main

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"winnow/app/gui/widgets"
)

func table(sides int) *widgets.CompareTable {
	t := widgets.NewCompareTable()
	names := []string{"Dense", "CoreMatching", "ZipVL τ 0.975", "VASparse", "FastV 50 %"}
	var columns []widgets.CompareColumn
	for i := range sides + 1 {
		columns = append(columns, widgets.CompareColumn{Label: names[i], Side: i - 1})
	}
	t.SetColumns(columns)
	cell := func(text, ratio string) widgets.CompareCell { return widgets.CompareCell{Text: text, Ratio: ratio} }
	best := func(text, ratio string) widgets.CompareCell {
		return widgets.CompareCell{Text: text, Ratio: ratio, Best: true}
	}
	t.SetRows([]widgets.CompareRow{
		{Label: "Answer", Words: true, Cells: []widgets.CompareCell{{Text: "Two sheep stand on the grass."}, {Text: "Two sheep stand on the grass.", Mark: widgets.MarkSame}, {Text: "Two sheep and a red clock are on the grass, under the sun and near some very long fence.", Mark: widgets.MarkDiffers}, {Text: "Two.", Mark: widgets.MarkDiffers}}},
		{Label: "First token", Basis: widgets.Measured, Cells: []widgets.CompareCell{cell("61 ms", ""), best("34 ms", "1.8× sooner"), cell("70 ms", "1.1× later"), cell("52 ms", "1.2× sooner"), cell("44 ms", "1.4× sooner")}},
		{Label: "Decode", Basis: widgets.Measured, Cells: []widgets.CompareCell{cell("212 /s", ""), best("298 /s", "1.4× faster"), cell("205 /s", "1.0×"), cell("240 /s", "1.1× faster"), cell("260 /s", "1.2× faster")}},
		{Label: "Arithmetic", Basis: widgets.Counted, Cells: []widgets.CompareCell{cell("2.31 GFLOPs", ""), best("0.88 GFLOPs", "38 %"), cell("2.02 GFLOPs", "87 %"), cell("1.44 GFLOPs", "62 %")}},
		{Label: "KV cache", Basis: widgets.Counted, Cells: []widgets.CompareCell{cell("401 kB", ""), cell("180 kB", "45 %"), best("72 kB", "18 %"), cell("222 kB", "55 %"), cell("201 kB", "50 %")}},
		{Label: "Tokens kept", Cells: []widgets.CompareCell{cell("256", ""), best("41", "16 %"), cell("133", "52 %"), cell("128", "50 %"), cell("128", "50 %")}},
	})
	return t
}

func comparePage(img image.Image) fyne.CanvasObject {
	labels := []string{"Dense", "CoreMatching", "ZipVL τ 0.975", "VASparse", "FastV 50 %"}
	grid := container.NewGridWithColumns(5)
	for i, l := range labels {
		p := widgets.NewPictureView()
		p.SetCompact(true)
		fill(p, img)
		p.SetBadge(i-1, l)
		switch i {
		case 0:
			p.SetKept(nil)
			p.SetOverlay(nil)
		case 1:
			p.SetForced([]int{35, 36, 200}, []int{88, 89, 140})
		case 3:
			p.Busy("Waits")
		case 4:
			p.Error("vulkan:0 disappeared", "the device vulkan:0 disappeared", "choose another", widgets.Action{Label: "Choose"})
		}
		grid.Add(p)
	}
	pad := container.New(layout.NewGridWrapLayout(fyne.NewSize(1400, 200)), grid)
	big := widgets.NewPictureView()
	fill(big, img)
	big.SetBadge(0, "CoreMatching, β 0.4, tokens and neurons")
	big.SetForced([]int{34, 35, 120}, []int{88, 105, 140})
	badges := container.NewHBox()
	for i, l := range labels {
		badges.Add(widgets.NewSideBadge(i-1, l))
	}
	legends := container.NewVBox(badges, widgets.NewLegend(widgets.OverlapItems("CoreMatching", "ZipVL")...), widgets.NewLegend(widgets.OverlapItems("CoreMatching", "ZipVL", "VASparse", "FastV")...))
	four, one := table(4), table(1)
	four.OnSelect = func(int) {}
	four.SetSelected(2)
	hovers = append(hovers, func() { four.MouseMoved(at(200, 200)) })
	body := container.NewBorder(nil, nil, nil, column(372, one, widgets.NewSectionTitle("By hand"), container.New(layout.NewGridWrapLayout(fyne.NewSize(340, 300)), big)), column(900, legends, four))
	return container.NewBorder(container.NewPadded(pad), nil, nil, nil, body)
}

func hintsPage() fyne.CanvasObject {
	return container.NewHBox(
		column(372, widgets.NewRatioBars("tokens"), widgets.NewKVStrip(), widgets.NewMatchStrip(), widgets.NewTradeoffCurve()),
		column(372, widgets.NewWordTable(), widgets.NewCompareTable(), widgets.NewCurveView(), widgets.NewStepScrubber()),
	)
}
