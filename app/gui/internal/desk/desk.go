package desk

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// ErrNoServer says that this machine has no Xvfb.
var ErrNoServer = errors.New("no Xvfb is installed")

// Desk is a virtual display.
type Desk struct {
	server *exec.Cmd
	name   string // :99
	conn   *xgb.Conn
	screen *xproto.ScreenInfo
	keys   map[xproto.Keysym]key
	atoms  map[string]xproto.Atom
	events chan xgb.Event
}

// key is how a symbol is typed.
type key struct {
	code  xproto.Keycode
	shift bool
}

// Start opens a display of width × height pixels. Close it.
func Start(width, height int) (*Desk, error) {
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, ErrNoServer
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// The server chooses a free number and says it on descriptor 3.
	server := exec.Command(path, "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", width, height), "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{w}
	err = server.Start()
	w.Close()
	if err != nil {
		return nil, fmt.Errorf("the display server Xvfb does not start: %w", err)
	}
	d := &Desk{server: server, atoms: map[string]xproto.Atom{}}
	r.SetReadDeadline(time.Now().Add(20 * time.Second))
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("the display server Xvfb does not say its display: %w", err)
	}
	d.name = ":" + strings.TrimSpace(line)
	if d.conn, err = xgb.NewConnDisplay(d.name); err != nil {
		d.Close()
		return nil, fmt.Errorf("display %s cannot be opened: %w", d.name, err)
	}
	d.screen = xproto.Setup(d.conn).DefaultScreen(d.conn)
	if err := errors.Join(xtest.Init(d.conn), d.readKeys()); err != nil {
		d.Close()
		return nil, err
	}
	// A key is released late on a busy machine, and would repeat.
	xproto.ChangeKeyboardControl(d.conn, xproto.KbAutoRepeatMode, []uint32{xproto.AutoRepeatModeOff})
	d.events = make(chan xgb.Event, 64)
	go func() {
		defer close(d.events)
		for {
			e, err := d.conn.WaitForEvent()
			if e == nil && err == nil {
				return // the connection is closed
			}
			if e != nil {
				d.events <- e
			}
		}
	}()
	return d, nil
}

// Env is what a program needs in its environment to open its window here.
func (d *Desk) Env() []string {
	return []string{"DISPLAY=" + d.name, "WAYLAND_DISPLAY=", "LANG=en_US.UTF-8"}
}

// Close ends the display; programs on it end with it.
func (d *Desk) Close() {
	if d.conn != nil {
		d.conn.Close()
	}
	d.server.Process.Kill()
	d.server.Wait()
}

func (d *Desk) atom(name string) xproto.Atom {
	if a, ok := d.atoms[name]; ok {
		return a
	}
	r, err := xproto.InternAtom(d.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		return xproto.AtomNone
	}
	d.atoms[name] = r.Atom
	return r.Atom
}

func (d *Desk) property(win xproto.Window, name string) []byte {
	r, err := xproto.GetProperty(d.conn, false, win, d.atom(name), xproto.GetPropertyTypeAny, 0, 1<<16).Reply()
	if err != nil || r == nil {
		return nil
	}
	return r.Value
}

// Title is a window's title.
func (d *Desk) Title(win xproto.Window) string { return string(d.property(win, "_NET_WM_NAME")) }

// Find waits for a mapped window whose title contains a text.
func (d *Desk) Find(title string, patience time.Duration) (xproto.Window, error) {
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		tree, err := xproto.QueryTree(d.conn, d.screen.Root).Reply()
		if err != nil {
			return 0, err
		}
		for _, win := range tree.Children {
			a, err := xproto.GetWindowAttributes(d.conn, win).Reply()
			if err == nil && a.MapState == xproto.MapStateViewable && strings.Contains(d.Title(win), title) {
				return win, nil
			}
		}
	}
	return 0, fmt.Errorf("no window with %q in its title after %v", title, patience)
}

// Resize gives a window another size; there is no window manager to do it.
func (d *Desk) Resize(win xproto.Window, width, height int) {
	xproto.ConfigureWindow(d.conn, win, xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
		[]uint32{0, 0, uint32(width), uint32(height)})
	d.conn.Sync()
}

// Focus gives a window the keyboard, as a window manager would.
func (d *Desk) Focus(win xproto.Window) {
	xproto.SetInputFocus(d.conn, xproto.InputFocusPointerRoot, win, xproto.TimeCurrentTime)
	d.conn.Sync()
}

// pause lets a program take an event in before the next.
func pause() { time.Sleep(30 * time.Millisecond) }

func (d *Desk) fake(kind, detail byte, x, y int) {
	xtest.FakeInput(d.conn, kind, detail, xproto.TimeCurrentTime, d.screen.Root, int16(x), int16(y), 0)
	d.conn.Sync()
	pause()
}

// Move puts the pointer at a pixel of the display.
func (d *Desk) Move(x, y int) { d.fake(xproto.MotionNotify, 0, x, y) }

// Click presses the left button there.
func (d *Desk) Click(x, y int) {
	d.Move(x, y)
	d.fake(xproto.ButtonPress, 1, 0, 0)
	d.fake(xproto.ButtonRelease, 1, 0, 0)
}

// The symbols of keys that are no character.
const (
	Return  = xproto.Keysym(0xff0d)
	Escape  = xproto.Keysym(0xff1b)
	Right   = xproto.Keysym(0xff53)
	Left    = xproto.Keysym(0xff51)
	Down    = xproto.Keysym(0xff54)
	Tab     = xproto.Keysym(0xff09)
	shift   = xproto.Keysym(0xffe1)
	Control = xproto.Keysym(0xffe3)
)

func (d *Desk) readKeys() error {
	s := xproto.Setup(d.conn)
	first, count := s.MinKeycode, byte(s.MaxKeycode-s.MinKeycode)+1
	m, err := xproto.GetKeyboardMapping(d.conn, first, count).Reply()
	if err != nil {
		return err
	}
	d.keys = map[xproto.Keysym]key{}
	per := int(m.KeysymsPerKeycode)
	for i := range int(count) {
		for level := range min(per, 2) {
			sym := m.Keysyms[i*per+level]
			if _, have := d.keys[sym]; sym != 0 && !have {
				d.keys[sym] = key{first + xproto.Keycode(i), level == 1}
			}
		}
	}
	return nil
}

// Press presses a key, with others held.
func (d *Desk) Press(sym xproto.Keysym, held ...xproto.Keysym) error {
	k, ok := d.keys[sym]
	if !ok {
		return fmt.Errorf("no key types the symbol %#x", sym)
	}
	if k.shift {
		held = append(held, shift)
	}
	for _, h := range held {
		d.fake(xproto.KeyPress, byte(d.keys[h].code), 0, 0)
	}
	d.fake(xproto.KeyPress, byte(k.code), 0, 0)
	d.fake(xproto.KeyRelease, byte(k.code), 0, 0)
	for _, h := range held {
		d.fake(xproto.KeyRelease, byte(d.keys[h].code), 0, 0)
	}
	return nil
}

// Type types a text of Latin-1, whose characters are their own symbols.
func (d *Desk) Type(text string) error {
	for _, r := range text {
		if err := d.Press(xproto.Keysym(r)); err != nil {
			return err
		}
	}
	return nil
}

// Shot is what the display shows.
func (d *Desk) Shot() (*image.RGBA, error) {
	w, h := d.screen.WidthInPixels, d.screen.HeightInPixels
	r, err := xproto.GetImage(d.conn, xproto.ImageFormatZPixmap, xproto.Drawable(d.screen.Root), 0, 0, w, h, 0xffffffff).Reply()
	if err != nil {
		return nil, err
	}
	img := image.NewRGBA(image.Rect(0, 0, int(w), int(h)))
	if len(r.Data) < len(img.Pix) {
		return nil, fmt.Errorf("the display sent %d bytes for %d × %d pixels", len(r.Data), w, h)
	}
	for i := 0; i < len(img.Pix); i += 4 { // BGRx
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = r.Data[i+2], r.Data[i+1], r.Data[i], 0xff
	}
	return img, nil
}
