package export

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// decode reads a CDR message by the text of its schema alone, as a reader that has never heard of
// us does. Fields are joined by dots: "header.stamp.sec".
func decode(schema string, data []byte) (out map[string]any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v in\n%s", r, schema)
		}
	}()
	messages := map[string]string{}
	parts := strings.Split(schema, strings.Repeat("=", 80)+"\n")
	for _, p := range parts[1:] {
		head, body, _ := strings.Cut(p, "\n")
		messages[strings.TrimPrefix(head, "MSG: ")] = body
	}
	d := &decoding{b: data[4:], messages: messages}
	if string(data[:4]) != "\x00\x01\x00\x00" {
		return nil, fmt.Errorf("the message begins with %x", data[:4])
	}
	out = map[string]any{}
	for name, v := range d.message(parts[0]) {
		out[name] = v
	}
	if d.at != len(d.b) {
		return nil, fmt.Errorf("%d of %d bytes were read by the schema\n%s", d.at, len(d.b), schema)
	}
	return out, nil
}

type decoding struct {
	b        []byte
	at       int
	messages map[string]string
}

func (d *decoding) message(text string) map[string]any {
	out := map[string]any{}
	for line := range strings.Lines(text) {
		kind, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		one, many := strings.CutSuffix(kind, "[]")
		if !many {
			out[name] = d.value(kind)
			continue
		}
		list := []any{}
		for range int(d.u32()) {
			list = append(list, d.value(one))
		}
		out[name] = list
	}
	return out
}

func (d *decoding) next(n int) []byte {
	for d.at%n != 0 {
		d.at++
	}
	d.at += n
	return d.b[d.at-n : d.at]
}

func (d *decoding) u32() uint32 { return binary.LittleEndian.Uint32(d.next(4)) }

func (d *decoding) value(kind string) any {
	switch kind {
	case "float64":
		return math.Float64frombits(binary.LittleEndian.Uint64(d.next(8)))
	case "int32":
		return int32(d.u32())
	case "uint32":
		return d.u32()
	case "uint8":
		return d.next(1)[0]
	case "bool":
		return d.next(1)[0] == 1
	case "string":
		n := int(d.u32())
		d.at += n
		if d.b[d.at-1] != 0 {
			panic("a string without its zero byte")
		}
		return string(d.b[d.at-n : d.at-1])
	}
	body, ok := d.messages[kind]
	if !ok {
		panic("no definition of " + kind)
	}
	return d.message(body)
}
