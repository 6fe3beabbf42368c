package torchfile

import (
	"encoding/binary"
	"fmt"
	"math"
)

// numeral pushes a number.
func (m *machine) numeral(op byte) error {
	switch op {
	case 'K', 'M': // BININT1, BININT2
		v, err := m.number(map[byte]int{'K': 1, 'M': 2}[op])
		m.push(int64(v))
		return err
	case 'J': // BININT
		v, err := m.number(4)
		m.push(int64(int32(v)))
		return err
	case 'G': // BINFLOAT, big-endian
		b, err := m.take(8)
		if err == nil {
			m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		}
		return err
	}
	n, err := m.number(1) // LONG1: bytes of a two's complement
	if err != nil {
		return err
	}
	b, err := m.take(n)
	if err != nil || n > 8 {
		return errCut
	}
	var v int64
	for i := n - 1; i >= 0; i-- {
		v = v<<8 | int64(b[i])
	}
	if n > 0 && n < 8 && b[n-1] >= 0x80 {
		v -= 1 << (8 * n)
	}
	m.push(v)
	return nil
}

// remember handles the memo, which refers back to what was made.
func (m *machine) remember(op byte) error {
	index := len(m.memo) // MEMOIZE
	if op != 0x94 {
		width := 1
		if op == 'r' || op == 'j' {
			width = 4
		}
		var err error
		if index, err = m.number(width); err != nil {
			return err
		}
	}
	if op == 'h' || op == 'j' { // BINGET, LONG_BINGET
		v, ok := m.memo[index]
		if !ok {
			return errCut
		}
		m.push(v)
		return nil
	}
	v, err := m.pop()
	if err == nil {
		m.push(v)
		m.memo[index] = v
	}
	return err
}

// object handles names, calls and storages.
func (m *machine) object(op byte) error {
	switch op {
	case 'c': // GLOBAL: two lines
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.name(module, name)
	case 'Q': // BINPERSID
		v, err := m.pop()
		if err == nil {
			v, err = persistent(v)
		}
		m.push(v)
		return err
	}
	second, err := m.pop()
	if err != nil {
		return err
	}
	first, err := m.pop()
	if err != nil {
		return err
	}
	switch op {
	case 0x93: // STACK_GLOBAL
		module, ok1 := first.(string)
		name, ok2 := second.(string)
		if !ok1 || !ok2 {
			return errCut
		}
		return m.name(module, name)
	case 'b': // BUILD: attributes of a dictionary, such as _metadata, which are of no use here
		if _, ok := first.(*dict); !ok {
			return errArguments
		}
		m.push(first)
		return nil
	}
	v, err := reduce(first, second) // REDUCE
	m.push(v)
	return err
}

// name pushes a Python name that is known, and refuses all others.
func (m *machine) name(module, name string) error {
	g := global{module, name}
	_, storage := storageTypes[name]
	if !(storage && module == "torch") && g != orderedDict && g != rebuildTensor && g != rebuildParameter {
		return fmt.Errorf("names %s: winnow reads tensors and runs nothing from a checkpoint; save the state_dict() alone", g)
	}
	m.push(g)
	return nil
}

// collect handles tuples, lists and dictionaries.
func (m *machine) collect(op byte) error {
	var items []any
	var err error
	switch op {
	case 't', 'e', 'u':
		items, err = m.popMark()
	default:
		n := map[byte]int{0x85: 1, 0x86: 2, 0x87: 3, 'a': 1, 's': 2}[op]
		items = make([]any, n)
		for i := n - 1; i >= 0 && err == nil; i-- {
			items[i], err = m.pop()
		}
	}
	if err != nil {
		return err
	}
	if op == 't' || op >= 0x85 && op <= 0x87 {
		m.push(tuple(items))
		return nil
	}
	if len(m.stack) == 0 {
		return errCut
	}
	switch to := m.stack[len(m.stack)-1].(type) {
	case *list:
		if op == 's' || op == 'u' {
			return errArguments
		}
		to.items = append(to.items, items...)
	case *dict:
		if op == 'a' || op == 'e' || len(items)%2 != 0 {
			return errArguments
		}
		for i := 0; i < len(items); i += 2 {
			to.keys, to.values = append(to.keys, items[i]), append(to.values, items[i+1])
		}
	default:
		return errArguments
	}
	return nil
}
