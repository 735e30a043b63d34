# Two logits under six noises of one variance; lines are the closed forms.
eval size(640, 380)
sd = pi / sqrt(6)                       # of Gumbel noise
s = sd / (pi / sqrt(3))                 # the scales that give the others its
b = sd / sqrt(2)                        # variance
w = sd * sqrt(12)
gumbel(d) = 1 / (1 + exp(-d))
both(d, p) = d < 0 ? 1 - p : p          # from the form for a lead
normal(d) = 0.5 * erfc(-d / sd / 2)
lo(t, a) = t < 1e-4 ? 0.5 + t / 6 : a * (a - 1 - t) / (a - 1)**2
logistic(d) = both(d, lo(abs(d) / s, exp(abs(d) / s)))
laplace(d) = both(d, 1 - 0.5 * exp(-abs(d) / b) * (1 + abs(d) / b / 2))
exponential(d) = both(d, 1 - 0.5 * exp(-abs(d) / sd))
uniform(d) = both(d, 1 - 0.5 * (abs(d) < w ? 1 - abs(d) / w : 0)**2)

set samples 101
set xtics 3
set xlabel "lead over the second logit"
set multiplot
set bmargin at screen 0.18; set tmargin at screen 0.89
fifth(i) = int(column(0)) % 5 == 0 ? column("delta") : NaN
less(noise) = column(noise) - column("gumbel")

set lmargin at screen 0.075; set rmargin at screen 0.42
eval above("weight of the first")
set xrange [-6:6]
set yrange [-0.02:1.04]
set ytics 0.5
plot gumbel(x) lt 1, normal(x) lt 3, logistic(x) lt 5, laplace(x) lt 4, \
     exponential(x) lt 2, uniform(x) lt 6

set lmargin at screen 0.535; set rmargin at screen 0.985
eval above("less softmax's")
set xrange [0:6.2]
set yrange [-0.052:0.055]
set ytics 0.03
set xtics 2
set label 1 "exponential" at 1.5, 0.036  left   tc lt 2
set label 2 "Laplace"     at 1.05, 0.020 center tc lt 4
set label 3 "normal"      at 1.35,-0.010 center tc lt 3
set label 4 "uniform"     at 1.9,-0.041  left   tc lt 6
plot 0 lt 1, normal(x) - gumbel(x) lt 3, laplace(x) - gumbel(x) lt 4, \
     exponential(x) - gumbel(x) lt 2, uniform(x) - gumbel(x) lt 6, \
     "noises.tsv" using (fifth(0)):(less("normal")) with points lt 3, \
     "noises.tsv" using (fifth(0)):(less("laplace")) with points lt 4, \
     "noises.tsv" using (fifth(0)):(less("exponential")) with points lt 2, \
     "noises.tsv" using (fifth(0)):(less("uniform")) with points lt 6
unset multiplot
