package libllama

import "fmt"

//lint:file-ignore U1000 what is never set still takes its place

// The structs below are llama.h's of llama.cpp v0.5.0, field by field.

// modelParams is struct llama_model_params.
type modelParams struct {
	devices, bufferOverrides                 uintptr
	gpuLayers, splitMode, loadMode, lazyMode int32
	mainGPU                                  int32
	_                                        int32
	tensorSplit, progress, progressData      uintptr
	overrides                                uintptr
	vocabOnly, checkTensors, extraBuffers    bool
	noHost, noAlloc, loadMTP                 bool
	_                                        [2]byte
}

// contextParams is struct llama_context_params.
type contextParams struct {
	context, batch, ubatch, maxSequences          uint32
	recurrentSnapshots, maxOutputs, maxOutputsPer uint32
	threads, threadsBatch                         int32
	contextType, ropeScaling, pooling             int32
	attention, flash                              int32
	ropeBase, ropeScale                           float32
	yarnExt, yarnAttention, yarnFast, yarnSlow    float32
	yarnContext                                   uint32
	defrag                                        float32
	eval, evalData                                uintptr
	typeK, typeV                                  int32
	abort, abortData                              uintptr
	embeddings, offloadKV, noPerf                 bool
	opOffload, swaFull, unified                   bool
	_                                             [2]byte
	samplers, samplerCount, other                 uintptr
}

// batch is struct llama_batch.
type batch struct {
	n                                     int32
	_                                     int32
	token, embedding                      uintptr
	position, sequences, sequence, logits uintptr
}

// checkDefaults compares what the library says are its defaults with what the pinned version's
// are. Each differs from its neighbours, so that a field that moved is seen.
func checkDefaults(m modelParams, c contextParams) error {
	wantModel := modelParams{gpuLayers: -1, splitMode: 1, loadMode: -1, lazyMode: 1, extraBuffers: true}
	if m != wantModel {
		return fmt.Errorf("the defaults of its llama_model_params are %+v, not %+v", m, wantModel)
	}
	wantContext := contextParams{context: 512, batch: 2048, ubatch: 512, maxSequences: 1, maxOutputsPer: 1,
		threads: 4, threadsBatch: 4, ropeScaling: -1, pooling: -1, attention: -1, flash: -1,
		yarnExt: -1, yarnAttention: -1, yarnFast: -1, yarnSlow: -1, defrag: -1, typeK: 1, typeV: 1,
		offloadKV: true, noPerf: true, opOffload: true, swaFull: true}
	if c != wantContext {
		return fmt.Errorf("the defaults of its llama_context_params are %+v, not %+v", c, wantContext)
	}
	return nil
}
