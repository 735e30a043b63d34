# The roofline: what bandwidths and the peak allow, and what was reached.
eval size(760, 430)
set logscale xy
set xrange [0.125:512]
set xtics ("1/8" 0.125, "1/2" 0.5, "2" 2, "8" 8, "32" 32, "128" 128, "512" 512)
set yrange [2:1000]
set ytics ("3" 3, "10" 10, "30" 30, "100" 100, "300" 300, "1000" 1000)
set xlabel "flops per byte"
eval above("GFLOP/s")
set lmargin 6; set rmargin 1.5; set bmargin 2.8; set tmargin 2.2
set key bottom right
set label 1 "products, by their side" at 14,36 left tc lt 1
is(name) = strcol("kernel")[1:strlen(name)] eq name
side(c) = strcol(c)[9:]
x(name) = is(name) ? column("intensity") : NaN
plot "roofs.tsv" using "intensity":"near" with lines lt GREY \
         title "16 KB a thread and peak", \
     "roofs.tsv" using "intensity":"second" with lines lt GREY dt DASH \
         title "256 KB a thread", \
     "roofs.tsv" using "intensity":"memory" with lines lt 2 lw 1.6 \
         title "memory", \
     "machine.tsv" using "intensity":"rate [GFLOP/s]" with points lt 1 ps 0.8 \
         notitle, \
     "machine.tsv" using (x("dot")):"rate [GFLOP/s]":"kernel" with labels \
         left offset 0.8,-0.5 tc lt 1 notitle, \
     "machine.tsv" using (x("matrix")):"rate [GFLOP/s]":"kernel" with labels \
         left offset 0.8,-0.5 tc lt 1 notitle, \
     "machine.tsv" using (x("exp")):"rate [GFLOP/s]":"kernel" with labels \
         left offset 0.8,-0.5 tc lt 1 notitle, \
     "machine.tsv" using (x("product")):"rate [GFLOP/s]":(side("kernel")) \
         with labels center offset 0,-0.9 tc lt 1 notitle

