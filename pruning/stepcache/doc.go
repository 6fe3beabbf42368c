// Package stepcache evaluates the network at every so many-th denoising step and repeats its last
// output between: the baseline that a method with a criterion has to beat.
//
//	interval 3, from 0   ● ○ ○ ● ○ ○ ● ○ ○ ●     ● evaluate   ○ the output before, again
//
// It is the trivial form of DeepCache (Ma et al., CVPR 2024, arXiv 2312.00858), which repeats the
// deep features alone, and of TeaCache (Liu et al., CVPR 2025, arXiv 2411.19108), which measures
// how far the input moved instead of counting. The solver makes every step.
package stepcache
