package weights

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"

	"winnow/internal/checkpoint"
	"winnow/internal/compute"
)

// Set is what was bound, for freeing and for sums.
type Set struct {
	arrays []compute.Array
	// Types counts the elements stored in each type.
	Types map[compute.Type]int64
}

// Free releases every array.
func (s *Set) Free() {
	for _, a := range s.arrays {
		a.Free()
	}
	s.arrays = nil
}

// MainType is the type that holds most elements.
func (s *Set) MainType() string {
	best, name := int64(-1), ""
	for t, n := range s.Types {
		if n > best || n == best && t.String() < name {
			best, name = n, t.String()
		}
	}
	return name
}

type binder struct {
	file    *checkpoint.File
	backend compute.Backend
	set     *Set
	counted map[string]bool
}

// Bind fills the tagged fields of the struct that dst points to. Slices must have their length
// already. A missing or broken tensor is an error that names file and tensor.
func Bind(dst any, file *checkpoint.File, backend compute.Backend) (*Set, error) {
	b := &binder{file, backend, &Set{Types: map[compute.Type]int64{}}, map[string]bool{}}
	if err := b.fields(reflect.ValueOf(dst).Elem(), ""); err != nil {
		b.set.Free()
		return nil, err
	}
	return b.set, nil
}

var arrayType = reflect.TypeFor[compute.Array]()

func (b *binder) fields(v reflect.Value, prefix string) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag, ok := f.Tag.Lookup("gguf")
		if !ok {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case f.Type == arrayType:
			if err := b.array(v.Field(i), prefix+name, options); err != nil {
				return err
			}
		case f.Type.Kind() == reflect.Slice:
			for j := range v.Field(i).Len() {
				if err := b.fields(v.Field(i).Index(j), prefix+fmt.Sprintf(name, j)); err != nil {
					return err
				}
			}
		default:
			if err := b.fields(v.Field(i), prefix+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *binder) array(field reflect.Value, name, options string) error {
	t, ok := b.file.Tensor(name)
	if !ok {
		if strings.Contains(options, "optional") {
			return nil
		}
		return fmt.Errorf("%s has no tensor %q, which its architecture needs: the file is incomplete or of another kind", filepath.Base(b.file.Path), name)
	}
	if err := check(t); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(b.file.Path), err)
	}
	use := compute.UseAny
	if strings.Contains(options, "matrix") {
		use = compute.UseMatrix
	}
	a, err := b.backend.Weight(name, compute.Type(t.Type), compute.Dims(t.Dims...), t.Data, use)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(b.file.Path), err)
	}
	if a.Bytes() > 0 { // repacked, or on a GPU
		b.file.Spare(t)
	}
	field.Set(reflect.ValueOf(a))
	b.set.arrays = append(b.set.arrays, a)
	if !b.counted[name] {
		b.counted[name] = true
		b.set.Types[compute.Type(t.Type)] += int64(compute.Dims(t.Dims...).Elements())
	}
	return nil
}

// check refuses numbers that would poison a run far from where they stand. Matrices are looked
// at in their first and last row: the cost of reading a whole file is not paid at every start,
// and a NaN that hides elsewhere is named by the probe or the logits that it reaches.
func check(t *checkpoint.Tensor) error {
	if len(t.Dims) == 0 || t.Dims[0] == 0 {
		return fmt.Errorf("tensor %q is empty", t.Name)
	}
	row := t.Dims[0]
	n := t.Type.RowBytes(row)
	if n == 0 || len(t.Data) < n {
		return nil // the backend names types it does not know
	}
	buf := make([]float32, row)
	for _, data := range [][]byte{t.Data[:n], t.Data[len(t.Data)-n:]} {
		if checkpoint.Dequantize(buf, t.Type, data) != nil {
			return nil
		}
		for i, v := range buf {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("tensor %q holds %v at element %d of a row: the file is damaged; download it again", t.Name, v, i)
			}
		}
	}
	return nil
}
