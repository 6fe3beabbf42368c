// Package models carries the built-in models inside the program, so that it works at once and
// offline.
//
//	llava-sprites-reglu/   a decoder with ReLU in its gates and its vision encoder (mmproj), GGUF in
//	                       q8_0, made by assets/convert; its README says how it was trained and what
//	                       it can do
//	llava-sprites/         the same with SwiGLU, which llama.cpp reads too
//	robot-cogvla/          a robot policy in the layout of CogVLA's checkpoints, GGUF in q8_0, made by
//	                       assets/train-robot
//	robot-dense/           the same in that of OpenVLA-OFT, out of the same training: what it shares
//	                       with robot-cogvla is a link to the weights there
//	robot-stage1/          CogVLA without routing, linked likewise
//	robot-autoregressive/  one in that of OpenVLA, whole
//	sprites-draw/          a denoiser and a text encoder in diffusers' layout, GGUF in q8_0
//
// Nothing but the catalogue in models.go depends on which models these are.
package models
