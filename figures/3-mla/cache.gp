# GiB of a cache for 128k tokens, and what it would be otherwise.
eval size(640, 430)
unset grid
set border 1
set grid x
C = "cache.tsv"
V = "gib_128k [GiB]"
set logscale x
set xrange [0.022:1500]
set yrange [-13.6:0.6]
set xtics ("4" 4, "16" 16, "64" 64, "256" 256, "1024" 1024)
set mxtics 1
unset ytics
set xlabel "GiB for 128k tokens"
set lmargin at screen 0.01; set rmargin at screen 0.985
set bmargin at screen 0.155; set tmargin at screen 0.995
left = 2.2                              # where bars begin
# The line of column names counts as row 0.
y(c) = 1 - column(0)
form(f) = strcol("variant") eq f
otherwise(c) = strcol("variant")[1:2] eq "if" || strcol("variant")[1:5] eq "naive"
name(c) = column(0) > 0 ? strcol("model") . ", " . strcol("variant") : ""
says(c) = column(0) == 0 ? "" : sprintf(column(V) < 10 ? "%.1f" : "%.0f", column(V))
bar(c) = c ? column(V) - left : NaN
plot C using (left):(y(0)):(bar(form("MHA"))):(0) with vectors nohead lt 1 lw 11, \
     C using (left):(y(0)):(bar(form("GQA-8"))):(0) with vectors nohead lt 3 lw 11, \
     C using (left):(y(0)):(bar(form("MLA"))):(0) with vectors nohead lt 2 lw 11, \
     C using (left):(y(0)):(bar(otherwise(0))):(0) with vectors nohead lt GREY lw 4, \
     C using (left * 0.8):(y(0)):(name(0)) with labels right tc lt 7, \
     C using (column(V) * 1.13):(y(0)):(says(0)) with labels left tc lt 7
