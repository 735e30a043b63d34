# The cover's panel: the share of the peak against the side of the matrices.
eval size(320, 180)
unset grid
set border 1
set logscale x 2
set xrange [14:2600]
set yrange [0:122]
set xtics ("16" 16, "128" 128, "1024" 1024) nomirror
unset ytics
set lmargin at screen 0.03; set rmargin at screen 0.97
set bmargin at screen 0.26; set tmargin at screen 0.97
set label 1 "all that registers allow" at 15,111 left front tc lt GREY
plot 100 with lines lt GREY dt DASH, \
     "sizes.tsv" using "n":"one [%]" with linespoints lt 1 lw 2
