# Flops per byte against flops per second: this machine, measured in floats, and
# an H800 as a model, with numbers of two bytes.
eval size(760, 420)
set datafile missing NaN
R = "roofline.tsv"
array name[6] = ["MHA", "GQA-8", "MQA", "MLA naive", "MLA re-expanded", "MLA absorbed"]
array last[6]                           # the longest context that was timed
do for [i = 1:6] {
    stats R using (strcol("variant") eq name[i] ? column("context") : NaN) name "C" nooutput
    last[i] = C_max
}
is(i) = strcol("variant") eq name[i] && column("context") == last[i]
x(i) = is(i) ? column("intensity [flop/B]") : NaN
type(i) = i < 4 ? 1 : 2
mark(i) = i < 4 ? 7 : 5
set logscale xy
set xlabel "flops per byte"
set mxtics 1; set mytics 1
set xtics ("1" 1, "10" 10, "100" 100, "10^3" 1e3, "10^4" 1e4)
set multiplot
set tmargin at screen 0.9; set bmargin at screen 0.16
set lmargin at screen 0.09; set rmargin at screen 0.53
eval above("GFLOP/s, this machine")
set xrange [0.25:6e4]
set yrange [1:2000]
set ytics ("1" 1, "10" 10, "100" 100, "1000" 1000)
rate(i) = is(i) ? column("rate [GFLOP/s]") : NaN
# Two marks lie one above the other: so do their labels.
stats R using (rate(1)) name "A" nooutput
stats R using (rate(4)) name "B" nooutput
up = A_max > B_max ? 0.5 : -0.5
plot "limits.tsv" using "intensity":"attainable [GFLOP/s]" with lines lt GREY, \
     for [i = 1:6] R using (x(i)):"rate [GFLOP/s]" with points lt type(i) pt mark(i) ps 0.9, \
     R using (x(1)):(rate(1)):("MHA") with labels left offset 0.9,up tc lt 1, \
     R using (x(4)):(rate(4)):("MLA, expanded") with labels left offset 0.9,-up tc lt 2, \
     R using (x(2)):(rate(2)):("eight groups") with labels center offset 0,-1.1 tc lt 1, \
     R using (x(3)):(rate(3)):("MQA") with labels right offset 0.5,1.3 tc lt 1, \
     R using (x(6)):(rate(6)):("MLA") with labels left offset -0.3,-1.1 tc lt 2, \
     R using (x(5)):(rate(5)):("re-expanded") with labels right offset 2,1.3 tc lt 2
do for [i = 1:6] { unset label i }
set lmargin at screen 0.615; set rmargin at screen 0.985
eval above("TFLOP/s, H800")
I = "intensity.tsv"
h(i) = column("flops") / (1e12 * 1e-9 * (column("ns_memory [ns]") > column("ns_compute [ns]") ? column("ns_memory [ns]") : column("ns_compute [ns]")))
of(i) = strcol("variant") eq name[i] ? column("intensity [flop/B]") : NaN
set yrange [1.2:4000]
set ytics ("3" 3, "30" 30, "300" 300)
set label 1 "MHA" at 1.35,3 left tc lt 1
set label 2 "MLA, expanded" at 1.35,1.75 left tc lt 2
set label 3 "eight groups" at 21,45 left tc lt 1
set label 4 "MQA" at 105,480 right tc lt 1
set label 5 "MLA" at 242,1700 center tc lt 2
set label 6 "re-expanded" at 4.5e4,350 right tc lt 2
plot "+" using (10 ** (-0.6 + 0.0534 * $0)):(10 ** (-0.6 + 0.0534 * $0) * 3.35 < 865 ? 10 ** (-0.6 + 0.0534 * $0) * 3.35 : 865) with lines lt GREY, \
     for [i = 1:6] I using (of(i)):(h(i)) with points lt type(i) pt mark(i) ps 0.9
unset multiplot
