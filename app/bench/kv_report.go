package bench

import (
	"fmt"
	"io"
	"text/tabwriter"

	"winnow/internal/trace"
)

// Print writes the report for a person.
func (r *KV) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s on %s (%s, %d threads): prompt of %d tokens, %d decoded after it, %d alternating runs\n\n", r.Model, r.Device.ID, r.Device.Backend, r.Device.Threads,
		r.Context, r.Decode, r.Runs)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "measured\tdecode tokens/s\tover dense\tprefill ms\tover dense\tchoosing ms\tapplying ms")
	for _, m := range r.Of {
		if m.Refused != "" {
			fmt.Fprintf(w, "%s\t%s\n", m.Stack, m.Refused)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Stack, m.TokensPerSecond.text(1), m.DecodeRatio.text(2), m.PrefillMS.text(0), m.PrefillRatio.text(2),
			m.SelectMS.text(0), m.ApplyMS.text(0))
	}
	w.Flush()
	fmt.Fprintln(out, "median (quarter to three quarters of the runs); over dense: above 1 is faster. Choosing is reading probes and deciding,\n"+
		"applying is packing and moving cache rows; both are part of prefill.")
	fmt.Fprintln(out)
	fmt.Fprintln(w, "counted\tKV cache as stored\tof dense\tprefill FLOPs\tof dense")
	d := r.Of[0]
	for _, m := range r.Of {
		if m.Refused == "" {
			fmt.Fprintf(w, "%s\t%s\t%.1f %%\t%s\t%.1f %%\n", m.Stack, trace.Quantity(float64(m.KVBytes), "bytes"), 100*float64(m.KVBytes)/float64(d.KVBytes),
				trace.Quantity(float64(m.PrefillFLOPs), "FLOPs"), 100*float64(m.PrefillFLOPs)/float64(d.PrefillFLOPs))
		}
	}
	return w.Flush()
}
