package gui

import "time"

// history undoes and redoes edits of the method stack.
type history struct {
	past, future [][]stage
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

// edited records the stack as it was before an edit. Edits with the same key in quick succession
// are one; an empty key never joins another.
func (h *history) edited(before []stage, key string, now time.Time) {
	joins := key != "" && key == h.key && now.Sub(h.at) < sameEdit && len(h.past) > 0
	h.key, h.at, h.future = key, now, nil
	if joins {
		return
	}
	h.past = append(h.past, cloneStages(before))
	if len(h.past) > maxUndo {
		h.past = h.past[1:]
	}
}

// undo returns the stack before the last edit.
func (h *history) undo(now []stage) ([]stage, bool) { return h.move(&h.past, &h.future, now) }

// redo returns the stack that undo left.
func (h *history) redo(now []stage) ([]stage, bool) { return h.move(&h.future, &h.past, now) }

func (h *history) move(from, to *[][]stage, now []stage) ([]stage, bool) {
	h.key = ""
	n := len(*from)
	if n == 0 {
		return nil, false
	}
	got := (*from)[n-1]
	*from = (*from)[:n-1]
	*to = append(*to, cloneStages(now))
	return got, true
}
