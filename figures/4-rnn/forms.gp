# Errors in floats against the number of tokens.  The grey line is what
# independent roundings leave in the quotient of two sums of positive terms,
# and what is lost of terms that are smaller than half a spacing of their sum.
eval size(640, 375)
of(kind) = strcol("values") eq kind ? column("n") : NaN
drift(n) = 0.5 * sqrt(1 / (8 * log(2))) * 2**-24 * sqrt(2 * n / 3)
# Terms have mean e^(1/2) / 2, and density e^(1/2) at zero.  Those while the sum
# is between 2^k and 2^(k + 1) lose e^(1/2) 4^(k - 23) / 24 each.
least(a, b) = a < b ? a : b
term = exp(0.5) / 2
during(k, n) = term * n < 2**k ? 0 : (least(2**(k + 1), term * n) - 2**k) / term
lost(n) = 0.5 * exp(0.5) / 24 / (term * n) * \
          (sum [k = 0:21] during(k, n) * 4.**(k - 23))
left(n) = sqrt(drift(n)**2 + lost(n)**2)
set logscale xy
set xlabel "tokens"
set xrange [700:1.5e6]
set format x "10^{%T}"
set format y "10^{%T}"
set mxtics 1; set mytics 1
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185

set lmargin at screen 0.1; set rmargin at screen 0.49
eval above("error of the output")
set label 1 "sums" at 1.2e5,2e-5 right tc lt 1
set label 2 "gate" at 1.3e6,2.7e-6 right tc lt 2
set label 3 "blocks" at 1.3e6,2e-7 right tc lt 3
set yrange [1e-8:3e-4]
plot left(x) lt GREY lw 2, \
     "forms.tsv" using (of("uniform")):"direct" with linespoints lt 5, \
     "forms.tsv" using (of("uniform")):"stable" with linespoints lt 1 dt DASH, \
     "forms.tsv" using (of("uniform")):"delta"  with linespoints lt 2, \
     "forms.tsv" using (of("uniform")):"blocks" with linespoints lt 3

set lmargin at screen 0.595; set rmargin at screen 0.985
eval above("error of log z")
set format y "10^{%T}"
set ytics 100
set label 1 "maximum" at 5e4,8.5e-7 center tc lt 1
set label 2 "gate" at 2e5,1e-3 right tc lt 2
set label 3 "blocks" at 1.3e6,1.6e-7 right tc lt 3
set yrange [1e-8:0.2]
plot "forms.tsv" using (of("uniform")):"stable lse" with linespoints lt 1 dt DASH, \
     "forms.tsv" using (of("uniform")):"delta lse"  with linespoints lt 2, \
     "forms.tsv" using (of("uniform")):"blocks lse" with linespoints lt 3
unset multiplot
