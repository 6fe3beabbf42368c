// Package quality says how near one picture is to another.
//
//	PSNR = 10·log₁₀(255² / mean squared difference)     over red, green and blue of all pixels, in dB
//	SSIM = mean over windows of  (2μμ' + C₁)(2σσ' + C₂) / ((μ² + μ'² + C₁)(σ² + σ'² + C₂))
//
// SSIM is Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity",
// IEEE Transactions on Image Processing 13(4), 2004: windows of 11 × 11 weighted by a Gaussian with
// σ = 1.5 that sums to 1, K₁ = 0.01, K₂ = 0.03, range 255, windows that lie wholly inside the
// picture. It is of luma, 0.299 R + 0.587 G + 0.114 B, not rounded; σσ' above is the covariance.
// scikit-image gives the same with gaussian_weights, sigma=1.5, use_sample_covariance=False and
// data_range=255.
package quality
