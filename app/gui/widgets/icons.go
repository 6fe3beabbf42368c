package widgets

import (
	"fmt"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
)

// Icons of 16 × 16, drawn for the window's line weight. Their colour is the word currentColor,
// which tinted replaces.
var (
	IconPlay   = icon("play", `<path d="M4.5 2.8v10.4L13 8z" fill="currentColor"/>`)
	IconPause  = icon("pause", `<path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor"/>`)
	IconCopy   = icon("copy", stroke("M6 5.5h7.5v8H6z M10 5.5v-3H2.5v8H6"))
	IconDone   = icon("done", stroke("M3 8.5l3.2 3.2L13 4.8"))
	IconClose  = icon("close", stroke("M4 4l8 8M12 4l-8 8"))
	IconUp     = icon("up", stroke("M3.5 10L8 5.5l4.5 4.5"))
	IconDown   = icon("down", stroke("M3.5 6L8 10.5 12.5 6"))
	IconDrop   = icon("drop", stroke("M8 2v8M4.8 6.8L8 10l3.2-3.2M2.5 10.5v3h11v-3"))
	IconGear   = icon("gear", stroke("M8 5.6a2.4 2.4 0 1 0 0.01 0z M8 1.6v2M8 12.4v2M1.6 8h2M12.4 8h2M3.5 3.5l1.4 1.4M11.1 11.1l1.4 1.4M3.5 12.5l1.4-1.4M11.1 4.9l1.4-1.4"))
	IconWarn   = icon("warn", stroke("M8 2.2L14.3 13.3H1.7z M8 6.6v3.2M8 11.2v0.6"))
	IconAgain  = icon("again", stroke("M12.9 8.6A5 5 0 1 1 11.6 4.5L13.2 6M13.3 2.6V6H9.9"))
	IconNotice = icon("notice", stroke("M8 1.8a6.2 6.2 0 1 0 0.01 0z M8 7.3v4M8 4.6v0.7"))
)

func stroke(d string) string {
	return fmt.Sprintf(`<path d="%s" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>`, d)
}

func icon(name, inner string) fyne.Resource {
	return fyne.NewStaticResource(name+".svg", []byte(
		`<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">`+inner+`</svg>`))
}

// tinted gives an icon a colour. The name carries the colour, since Fyne caches by name.
func tinted(res fyne.Resource, c color.Color) fyne.Resource {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	hex := fmt.Sprintf("#%02x%02x%02x", n.R, n.G, n.B)
	return fyne.NewStaticResource(hex[1:]+"-"+res.Name(),
		[]byte(strings.ReplaceAll(string(res.Content()), "currentColor", hex)))
}
