package desk

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"
)

// Drop drags files over a window and drops them at a pixel of the display: the source's half of
// version 5 of the XDND protocol.
//
//	source                              target
//	XdndEnter, XdndPosition   ───────▶
//	                          ◀───────  XdndStatus: accepted
//	XdndDrop                  ───────▶
//	                          ◀───────  SelectionRequest: the list of addresses, please
//	property, SelectionNotify ───────▶
//	                          ◀───────  XdndFinished
//
// Source: "Drag-and-Drop Protocol for the X Window System", freedesktop.org.
func (d *Desk) Drop(target xproto.Window, x, y int, paths ...string) error {
	if len(d.property(target, "XdndAware")) == 0 {
		return errors.New("the window takes no drops: it has no XdndAware property")
	}
	source, err := xproto.NewWindowId(d.conn)
	if err != nil {
		return err
	}
	err = xproto.CreateWindowChecked(d.conn, d.screen.RootDepth, source, d.screen.Root, 0, 0, 1, 1, 0,
		xproto.WindowClassInputOutput, d.screen.RootVisual, 0, nil).Check()
	if err != nil {
		return err
	}
	defer xproto.DestroyWindow(d.conn, source)
	xproto.SetSelectionOwner(d.conn, source, d.atom("XdndSelection"), xproto.TimeCurrentTime)

	send := func(kind string, data ...uint32) error {
		words := make([]uint32, 5)
		copy(words, append([]uint32{uint32(source)}, data...))
		e := xproto.ClientMessageEvent{Format: 32, Window: target, Type: d.atom(kind), Data: xproto.ClientMessageDataUnionData32New(words)}
		return xproto.SendEventChecked(d.conn, false, target, xproto.EventMaskNoEvent, string(e.Bytes())).Check()
	}
	d.Move(x, y)
	list := d.atom("text/uri-list")
	if err := send("XdndEnter", 5<<24, uint32(list)); err != nil {
		return err
	}
	if err := send("XdndPosition", 0, uint32(x)<<16|uint32(y), xproto.TimeCurrentTime, uint32(d.atom("XdndActionCopy"))); err != nil {
		return err
	}
	var addresses strings.Builder
	for _, p := range paths {
		addresses.WriteString((&url.URL{Scheme: "file", Path: p}).String() + "\r\n")
	}
	limit := time.After(10 * time.Second)
	for {
		select {
		case <-limit:
			return errors.New("the window did not finish the drop in 10 s")
		case event, ok := <-d.events:
			if !ok {
				return errors.New("the display closed during the drop")
			}
			switch e := event.(type) {
			case xproto.ClientMessageEvent:
				switch e.Type {
				case d.atom("XdndStatus"):
					if e.Data.Data32[1]&1 == 0 {
						return fmt.Errorf("the window does not take the drop at %d, %d", x, y)
					}
					if err := send("XdndDrop", 0, xproto.TimeCurrentTime); err != nil {
						return err
					}
				case d.atom("XdndFinished"):
					return nil
				}
			case xproto.SelectionRequestEvent:
				text := addresses.String()
				xproto.ChangeProperty(d.conn, xproto.PropModeReplace, e.Requestor, e.Property, list, 8, uint32(len(text)), []byte(text))
				n := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property}
				xproto.SendEvent(d.conn, false, e.Requestor, xproto.EventMaskNoEvent, string(n.Bytes()))
			}
		}
	}
}
