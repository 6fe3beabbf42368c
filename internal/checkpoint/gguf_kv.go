package checkpoint

// The getters return def when the key is absent or holds another kind of value. Numbers
// convert between integer kinds; arrays between integer kinds and between float kinds.

// Uint returns a non-negative integer.
func (f *File) Uint(key string, def uint64) uint64 {
	if u, ok := f.KV[key].(uint64); ok {
		return u
	}
	if n, ok := toInt(f.KV[key]); ok && n >= 0 {
		return uint64(n)
	}
	return def
}

// Int returns an integer that fits an int.
func (f *File) Int(key string, def int) int {
	if n, ok := toInt(f.KV[key]); ok && int64(int(n)) == n {
		return int(n)
	}
	return def
}

// Float returns a number; integers convert.
func (f *File) Float(key string, def float64) float64 {
	switch v := f.KV[key].(type) {
	case float32:
		return float64(v)
	case float64:
		return v
	}
	if n, ok := toInt(f.KV[key]); ok {
		return float64(n)
	}
	return def
}

// String returns a text.
func (f *File) String(key, def string) string {
	if s, ok := f.KV[key].(string); ok {
		return s
	}
	return def
}

// Bool returns a truth value.
func (f *File) Bool(key string, def bool) bool {
	if b, ok := f.KV[key].(bool); ok {
		return b
	}
	return def
}

// Strings returns an array of texts, nil when there is none. It is shared: do not change it.
func (f *File) Strings(key string) []string {
	s, _ := f.KV[key].([]string)
	return s
}

// Floats returns an array of numbers as float32, nil when there is none.
func (f *File) Floats(key string) []float32 {
	switch v := f.KV[key].(type) {
	case []float32:
		return v
	case []float64:
		return float32s(v)
	}
	if n := f.Ints(key); n != nil {
		return float32s(n)
	}
	return nil
}

// Ints returns an array of integers, nil when there is none or when one does not fit an int.
// A single integer comes back as an array of one, since files write some keys both ways.
func (f *File) Ints(key string) []int {
	switch v := f.KV[key].(type) {
	case []uint8:
		return ints(v)
	case []int8:
		return ints(v)
	case []uint16:
		return ints(v)
	case []int16:
		return ints(v)
	case []uint32:
		return ints(v)
	case []int32:
		return ints(v)
	case []uint64:
		return ints(v)
	case []int64:
		return ints(v)
	}
	if n, ok := toInt(f.KV[key]); ok && int64(int(n)) == n {
		return []int{int(n)}
	}
	return nil
}

type integer interface {
	~uint8 | ~int8 | ~uint16 | ~int16 | ~uint32 | ~int32 | ~uint64 | ~int64
}

// ints converts an array of integers; nil when a value does not survive the conversion.
func ints[A integer](a []A) []int {
	b := make([]int, len(a))
	for i, x := range a {
		b[i] = int(x)
		if A(b[i]) != x || (b[i] < 0) != (x < 0) {
			return nil
		}
	}
	return b
}

func float32s[A int | float64](a []A) []float32 {
	b := make([]float32, len(a))
	for i, x := range a {
		b[i] = float32(x)
	}
	return b
}

func toInt(v any) (int64, bool) {
	switch v := v.(type) {
	case uint8:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case int16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), int64(v) >= 0
	}
	return 0, false
}
