// Package preprocess turns a picture into the exact pixels a model was trained on.
//
// A vision model is picky: resizing with another filter, rounding at another place or cropping one
// pixel further left changes its answer. So this package repeats, bit for bit, what the reference
// stack does (a Hugging Face image processor over Pillow):
//
//	picture ──▶ (first resize) ──▶ (pad to a square) ──▶ resize ──▶ (centre crop) ──▶ bytes ──▶ floats
//	 RGB 8 bit    SmolVLM            LLaVA-1.5, original   8 bit       zeros outside    C×H×W    (v·rescale − mean)/std
//
// Each resize is two passes, along rows and then along columns, with a filter that widens when the
// picture shrinks (antialiasing), 22-bit fixed-point weights, and a rounding to 8 bits after each pass.
//
// Only what the model will see is computed: weights are made for the columns and rows inside the crop,
// and padding is never stored, so memory stays near (crop width × picture height) whatever the shape.
//
// With the pixels comes a Geometry: the rectangle of the original picture that they show.
//
// Start with Processor, then resample.go.
package preprocess
