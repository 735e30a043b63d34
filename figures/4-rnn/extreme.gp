# The error of each form against a shift of all scores; a cross is no number.
eval size(640, 320)
unset grid
set border 0
forms = "'direct, float' 'gate, float' 'gate, double level' \
         'maximum, float' 'direct, double' 'maximum, double'"
names = "'direct in float' 'delta in float' 'delta with level in double' \
         'stable in float' 'direct in double' 'stable in double'"
place(s) = s eq word(names, 1) ? 5 : s eq word(names, 2) ? 4 : \
           s eq word(names, 3) ? 3 : s eq word(names, 4) ? 2 : \
           s eq word(names, 5) ? 1 : s eq word(names, 6) ? 0 : NaN
stats "extreme.tsv" using (log10(column("shift"))) name "X" nooutput
half = (X_max - X_min) / (X_records / 6 - 1) / 2
x(i) = log10(column("shift"))
y(i) = place(strcol("form"))
hot(i) = column("finite") > 0 ? log10(column("error") + 1e-16) : NaN
lost(i) = column("finite") > 0 ? NaN : y(0)

set xlabel "shift of all scores"
set xrange [X_min - 1.05 * half:X_max + 1.05 * half]
set yrange [-0.55:5.55]
set xtics ("1" 0, "10" 1, "100" 2, "1000" 3, "10^4" 4)
set ytics scale 0
do for [k = 1:6] { set ytics add (word(forms, k) 6 - k) }
set cbrange [-16:0]
set cbtics ("10^{-16}" -16, "10^{-12}" -12, "10^{-8}" -8, "10^{-4}" -4, "1" 0)
set colorbox user origin 0.88,0.2 size 0.022,0.74
set lmargin at screen 0.35; set rmargin at screen 0.86
set bmargin at screen 0.2; set tmargin at screen 0.94
plot "extreme.tsv" using (x(0)):(y(0)):(x(0) - half):(x(0) + half): \
         (y(0) - 0.46):(y(0) + 0.46):(hot(0)) with boxxyerror palette fs solid 1 noborder, \
     "extreme.tsv" using (x(0)):(lost(0)) with points lt GREY pt 2 ps 0.8
