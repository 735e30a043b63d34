# One line a shape: what chains and loads allow, and what was reached.
eval size(640, 560)
set yrange [23:-1]
set xrange [0:108]
set xtics 20
set lmargin 9; set rmargin 1.5; set bmargin 2.8; set tmargin 2.4
set xlabel "share of the peak [%]"
set label 1 "rows × columns" at graph -0.12,1.045 left
set label 2 "predicted" at 52,0.1 left tc lt GREY
set label 3 "measured"  at 52,1.1 left tc lt 1
set label 5 "the 8×32 tile" at 46,14 left tc lt 2
set label 6 "does not fit" at 46,22 left tc lt GREY
set arrow 1 from 71,14 to 92,14 nohead lt 2 lw 0.8
set arrow 2 from 65,22 to 92,22 nohead lt GREY lw 0.8
set arrow 3 from 46,0.1 to 51,0.1 nohead lt GREY lw 5
plot "tiles.tsv" using (column("predicted")):0:(0):(0.38) with vectors nohead \
         lt GREY lw 5, \
     "tiles.tsv" using (column("predicted")):0:(0):(-0.38) with vectors nohead \
         lt GREY lw 5, \
     "tiles.tsv" using "measured":0:ytic(strcol("tile")) with points lt 1 ps 0.7
