# Relative error of a stack of layers against the layer: bf16, and floats.
eval size(640, 350)
set xlabel "layer"
set xrange [0:25.5]
set xtics (1, 8, 16, 24)
set multiplot
set tmargin at screen 0.89; set bmargin at screen 0.185
set lmargin at screen 0.095; set rmargin at screen 0.515
eval above("bf16")
set yrange [0:0.0158]
set ytics ("0" 0, "0.5 %%" 0.005, "1 %%" 0.01)
set label 1 "one to the other" at 25,0.0145 right tc lt GREY
set label 2 "naive, absorbed" at 25,0.0055 right tc lt 1
plot "depth.tsv" using "layer":"apart" with lines lt GREY dt DASH, \
     "depth.tsv" using "layer":"naive":5 with yerrorbars lt 1 pt -1, \
     "depth.tsv" using "layer":"naive" with lines lt 1, \
     "depth.tsv" using "layer":"absorbed" with points lt 2 ps 0.6
set lmargin at screen 0.605; set rmargin at screen 0.985
eval above("floats, millionths")
set yrange [0:0.725]
set ytics ("0" 0, "0.2" 0.2, "0.4" 0.4, "0.6" 0.6)
unset label 1
set label 2 "naive" at 24,0.49 right tc lt 3
plot "depth.tsv" using "layer":(1e6 * column("fp32")) with lines lt 3
unset multiplot
