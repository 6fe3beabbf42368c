package torchfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// global is a Python name, which is never looked up.
type global struct{ module, name string }

func (g global) String() string { return g.module + "." + g.name }

var (
	orderedDict      = global{"collections", "OrderedDict"}
	rebuildTensor    = global{"torch._utils", "_rebuild_tensor_v2"}
	rebuildParameter = global{"torch._utils", "_rebuild_parameter"}
)

// tuple, list and dict are Python's; a dict keeps its order and may name a key twice.
type tuple []any
type list struct{ items []any }
type dict struct{ keys, values []any }

// mark stands on the stack where a MARK was.
type mark struct{}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case *tensor:
		return "a single tensor"
	case tuple, *list:
		return "a list"
	}
	return fmt.Sprintf("a value (%T)", v)
}

var errCut = errors.New("has a description of its tensors that ends too early: it was cut short or is damaged; copy or download it again")

// machine is the stack machine of a pickle.
type machine struct {
	data  []byte
	at    int
	stack []any
	memo  map[int]any
}

// unpickle reads what a pickle describes; errors continue the file's name.
func unpickle(data []byte) (any, error) {
	m := &machine{data: data, memo: map[int]any{}}
	for {
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' { // STOP
			return m.pop()
		}
		if err := m.step(op[0]); err != nil {
			return nil, err
		}
	}
}

func (m *machine) take(n int) ([]byte, error) {
	if n < 0 || n > len(m.data)-m.at {
		return nil, errCut
	}
	b := m.data[m.at : m.at+n]
	m.at += n
	return b, nil
}

// number reads n bytes, lowest first.
func (m *machine) number(n int) (int, error) {
	b, err := m.take(n)
	var wide [8]byte
	copy(wide[:], b)
	v := binary.LittleEndian.Uint64(wide[:])
	if err == nil && v > math.MaxInt {
		err = errCut
	}
	return int(v), err
}

func (m *machine) line() (string, error) {
	end := strings.IndexByte(string(m.data[m.at:min(m.at+256, len(m.data))]), '\n')
	if end < 0 {
		return "", errCut
	}
	b, err := m.take(end + 1)
	return string(b[:end]), err
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

func (m *machine) pop() (any, error) {
	n := len(m.stack)
	if n == 0 {
		return nil, errCut
	}
	v := m.stack[n-1]
	if _, is := v.(mark); is {
		return nil, errCut
	}
	m.stack = m.stack[:n-1]
	return v, nil
}

// popMark takes what lies above the last mark, and the mark.
func (m *machine) popMark() ([]any, error) {
	for i := len(m.stack) - 1; i >= 0; i-- {
		if _, is := m.stack[i].(mark); is {
			items := append([]any(nil), m.stack[i+1:]...)
			m.stack = m.stack[:i]
			return items, nil
		}
	}
	return nil, errCut
}

// step carries out one operation.
func (m *machine) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		v, err := m.number(1)
		if err == nil && v > 5 {
			err = fmt.Errorf("is pickled with protocol %d; up to 5 are known", v)
		}
		return err
	case 0x95: // FRAME: the length of what follows
		_, err := m.take(8)
		return err
	case '(':
		m.push(mark{})
	case 'N':
		m.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		m.push(op == 0x88)
	case ')':
		m.push(tuple{})
	case '}':
		m.push(&dict{})
	case ']':
		m.push(&list{})
	case 'K', 'M', 'J', 0x8a, 'G':
		return m.numeral(op)
	case 'X', 0x8c: // BINUNICODE, SHORT_BINUNICODE
		width := 4
		if op == 0x8c {
			width = 1
		}
		n, err := m.number(width)
		if err != nil {
			return err
		}
		b, err := m.take(n)
		m.push(string(b))
		return err
	case 'q', 'r', 0x94, 'h', 'j':
		return m.remember(op)
	case 'c', 0x93, 'Q', 'R', 'b':
		return m.object(op)
	case 't', 0x85, 0x86, 0x87, 'a', 'e', 's', 'u':
		return m.collect(op)
	default:
		return fmt.Errorf("uses the pickle operation 0x%02x, which the state of a network does not take: winnow reads tensors only", op)
	}
	return nil
}
