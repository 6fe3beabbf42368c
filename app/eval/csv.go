package eval

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"winnow/assets/scenes"
)

var columns = []string{"scene", "name", "kind", "setting", "noun", "question", "truth", "side", "answer", "correct", "agrees",
	"mentioned", "hallucinated", "kept", "prefill_flops", "kv_bytes"}

// WriteCSV writes every answer, a row each.
func (r *Results) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(columns) // Flush keeps the error
	for _, d := range r.Scenes {
		for _, a := range d.Asked {
			for i, x := range a.Answers {
				correct, mentioned, wrong := strconv.FormatBool(a.Correct(x.Text)), []string(nil), []string(nil)
				if a.Kind == scenes.Caption {
					correct = ""
					mentioned, wrong = hallucinated(x.Text, d.Objects)
				}
				_ = out.Write([]string{strconv.Itoa(d.Scene), d.Name, a.Kind, a.Setting, a.Noun, a.Text, a.Truth, r.Sides[i].Name, x.Text, correct,
					strconv.FormatBool(x.Text == a.Answers[0].Text), strings.Join(mentioned, " "), strings.Join(wrong, " "),
					strconv.FormatFloat(x.Kept, 'g', 6, 64), strconv.FormatInt(x.FLOPs, 10), strconv.FormatInt(x.KVBytes, 10)})
			}
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("the answers were not written: %w", err)
	}
	return nil
}
