// Package libllama calls llama.cpp's own library: the oracle of tests and the peer of benches,
// never the engine.
//
// It binds the few functions that are needed to load a GGUF file, feed tokens or embeddings,
// and read logits. libllama shares this process's ggml with internal/compute/ggml: both come
// from the same folder, so the processor's kernels are the same ones, and what is compared is
// the graph, the cache and the way of feeding them.
//
//	l, err := libllama.Load(libs)                // native.Find("cpu")
//	m, err := l.Open("model.gguf")
//	c, err := m.NewContext(libllama.Options{Context: 1024, Threads: 2, KV: compute.F16})
//	err = c.Decode(libllama.Batch{Tokens: ids, Every: true})
//	logits, err := c.Logits(3)                   // after ids[0:4]
//
// llama.cpp takes its parameters as structs by value, which its versions reorder. params.go
// writes them down as of the pinned version and refuses a library whose defaults lie elsewhere.
//
// github.com/hybridgroup/yzma binds all of llama.cpp in the same way, but its calls need libffi
// on the machine and end the program at start-up where it is missing.
//
// Start reading at library.go, then context.go.
package libllama
