// Package picture opens the pictures people have: whatever the file is called, its content decides.
//
//	file, bytes, stream ──▶ what is it? ──▶ how large? ──▶ decode ──▶ upright, opaque, 8-bit RGBA
//	                        (first bytes)    (header only)             (EXIF turned, alpha on white)
//
// JPEG (grey, YCbCr, CMYK, progressive), PNG, WebP, GIF, BMP and TIFF are decoded by the Go libraries; of
// animations and many-page files the first picture is taken. What this package adds:
//
//   - The size is read from the header and checked against Limits before anything large is allocated.
//   - All eight EXIF orientations, from JPEG, PNG, WebP and TIFF, are undone while the pixels are copied.
//   - Transparent pixels are composed over white, for premultiplied and straight alpha alike.
//   - Chroma of JPEG and WebP is interpolated as libjpeg and libwebp do. Go's own conversion repeats
//     chroma samples and reads WebP's video-range colours as full range; a model trained through the C
//     libraries would see other colours.
//   - 16-bit samples keep their high byte. Colour profiles are not applied.
//   - A decoder that panics yields an error, and every error is a sentence a person can act on.
//
// Memory. The file's bytes, the decoder's picture and the result (4 bytes a pixel) are held together; the
// first two can be collected when Decode returns. The decoder's share in bytes a pixel: JPEG 1.5 (4:2:0) to
// 3 (4:4:4), CMYK 4, and for progressive files four times as much again while it works; PNG 1 to 8 (half as
// much again when interlaced); GIF 1; BMP 4; WebP 1.5 to 8; TIFF 1 to 8, and up to 24 more while it unpacks
// one that is a single compressed strip. So a 100-megapixel JPEG from a camera needs 0.55 to 0.7 GB, a
// progressive one up to 1.9 GB, and the worst TIFF 3.6 GB, beside the file. Limits.MaxPixels scales all of it.
//
// Start with Open and Picture.
package picture
