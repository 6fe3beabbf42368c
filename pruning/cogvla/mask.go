package cogvla

// Attend is CAtten, the attention of a policy that predicts all actions at once: causal, rows of
// padding closed to everybody, and the actions with the stop token see each other both ways.
// rows×rows, row-major: entry [i·rows+j] says whether row i may attend to row j. The last pad rows
// are padding, the actions rows before them the block.
func Attend(rows, pad, actions int) []bool {
	out := make([]bool, rows*rows)
	real := rows - pad
	for i := range rows {
		for j := range real {
			out[i*rows+j] = j <= i || i >= real-actions && i < real && j >= real-actions
		}
	}
	return out
}
