# S against the spread of the logits, for four functions and their offsets.
# Lines are the formulas, marks means over drawn keys.
eval size(640, 600)
set datafile missing NaN
D(r) = exp(-r**2 / 2) / sqrt(2 * pi)
relu2(r) = r < -7 ? 0 : ((r**2 + 1) * norm(r) + r * D(r)) / \
    sqrt((r**4 + 6 * r**2 + 3) * norm(r) + (r**3 + 5 * r) * D(r))
relu(r) = r < -7 ? 0 : (r * norm(r) + D(r)) / \
    sqrt((r**2 + 1) * norm(r) + r * D(r))
identity(r) = (2 * D(r) + r * (2 * norm(r) - 1)) / sqrt(1 + r**2)
of(name, b) = strcol("f") eq name && abs(column("beta") - b) < 1e-9 ? \
    column("gamma") : NaN
bar(i) = 2 * column("se")

set xrange [0:4.1]
set yrange [-0.02:1.04]
set xtics 1
set ytics 0.5
set samples 161
set multiplot
do for [p = 1:4] {
    set lmargin at screen p % 2 ? 0.07 : 0.57
    set rmargin at screen p % 2 ? 0.485 : 0.985
    set tmargin at screen p < 3 ? 0.945 : 0.465
    set bmargin at screen p < 3 ? 0.595 : 0.115
    set xlabel p < 3 ? "" : "γ"
    do for [i = 1:5] { unset label i }
    if (p == 1) {
        eval above("exponential")
        set label 1 "every β" at 1.3,0.6 left tc lt 1
        plot exp(-x**2 / 2) lt 1, \
             "curves.tsv" using (of("exp", 0)):"S":(bar(0)) with yerrorbars lt 1, \
             "curves.tsv" using (of("exp", 2)):"S":(bar(0)) with yerrorbars lt 1 pt 6 ps 0.8
    }
    if (p == 2) {
        eval above("rectified square")
        set label 1 "β = 1" at 1.0,0.80 left tc lt 3
        set label 2 "0"     at 0.3,0.46 left tc lt 1
        set label 3 "−1"    at 0.85,0.29 right tc lt 5
        set label 4 "−2"    at 2.2,0.1 left tc lt 2
        plot relu2(1. / x) lt 3, relu2(0) lt 1, relu2(-1. / x) lt 5 dt DASH, \
             relu2(-2. / x) lt 2 dt DOTS, \
             "curves.tsv" using (of("relu2", 1)):"S":(bar(0))  with yerrorbars lt 3, \
             "curves.tsv" using (of("relu2", 0)):"S":(bar(0))  with yerrorbars lt 1, \
             "curves.tsv" using (of("relu2", -1)):"S":(bar(0)) with yerrorbars lt 5, \
             "curves.tsv" using (of("relu2", -2)):"S":(bar(0)) with yerrorbars lt 2
    }
    if (p == 3) {
        eval above("rectifier")
        set label 1 "β = 1" at 1.0,0.90 left tc lt 3
        set label 2 "0"     at 0.3,0.62 left tc lt 1
        set label 3 "−1"    at 0.75,0.37 right tc lt 5
        set label 4 "−2"    at 1.75,0.13 left tc lt 2
        plot relu(1. / x) lt 3, relu(0) lt 1, relu(-1. / x) lt 5 dt DASH, \
             relu(-2. / x) lt 2 dt DOTS, \
             "curves.tsv" using (of("relu", 1)):"S":(bar(0))  with yerrorbars lt 3, \
             "curves.tsv" using (of("relu", 0)):"S":(bar(0))  with yerrorbars lt 1, \
             "curves.tsv" using (of("relu", -1)):"S":(bar(0)) with yerrorbars lt 5, \
             "curves.tsv" using (of("relu", -2)):"S":(bar(0)) with yerrorbars lt 2
    }
    if (p == 4) {
        eval above("identity")
        set label 1 "β = ±2" at 1.35,0.94 left tc lt 2
        set label 2 "±1"     at 0.34,0.86 right tc lt 3
        set label 3 "0"      at 0.6,0.74 left tc lt 1
        set label 4 "floor"  at 4.05,0.74 right tc lt 7
        plot sqrt(2 / pi) lt GREY lw 2, \
             identity(2. / x) lt 2 dt DOTS, identity(1. / x) lt 3 dt DASH, identity(0) lt 1, \
             "curves.tsv" using (of("identity", 2)):"S":(bar(0)) with yerrorbars lt 2, \
             "curves.tsv" using (of("identity", -1)):"S":(bar(0)) with yerrorbars lt 3, \
             "curves.tsv" using (of("identity", 0)):"S":(bar(0)) with yerrorbars lt 1
    }
}
unset multiplot
