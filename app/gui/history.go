package gui

import "time"

// history undoes and redoes edits of a value of type T. Values in it are not written to.
type history[T any] struct {
	past, future []T
	// key and at are those of the last edit: a slider that is drawn along makes one step, not a
	// hundred.
	key string
	at  time.Time
}

const (
	// sameEdit is how long edits with one key count as one.
	sameEdit = time.Second
	maxUndo  = 200
)

// edited records the value as it was before an edit. Edits with the same key in quick succession
// are one; an empty key never joins another.
func (h *history[T]) edited(before T, key string, now time.Time) {
	joins := key != "" && key == h.key && now.Sub(h.at) < sameEdit && len(h.past) > 0
	h.key, h.at, h.future = key, now, nil
	if joins {
		return
	}
	h.past = append(h.past, before)
	if len(h.past) > maxUndo {
		h.past = h.past[1:]
	}
}

// undo returns the value before the last edit.
func (h *history[T]) undo(now T) (T, bool) { return h.move(&h.past, &h.future, now) }

// redo returns the value that undo left.
func (h *history[T]) redo(now T) (T, bool) { return h.move(&h.future, &h.past, now) }

func (h *history[T]) move(from, to *[]T, now T) (got T, ok bool) {
	h.key = ""
	n := len(*from)
	if n == 0 {
		return got, false
	}
	got = (*from)[n-1]
	*from = (*from)[:n-1]
	*to = append(*to, now)
	return got, true
}
