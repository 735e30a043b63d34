# Parameters of one attention layer: as published, and with one thing changed.
eval size(640, 300)
L = "ledger.tsv"
# Where the parts begin and end.
array part[6]
stats L using "parameters" nooutput
do for [i = 1:6] {
    stats L every ::i-1::i-1 using "parameters" name "P" nooutput
    part[i] = P_max / 1e6
}
stats "ledger-ways.tsv" every ::0::0 using "otherwise" name "F" nooutput
stats "ledger-ways.tsv" every ::1::1 using "otherwise" name "M" nooutput
unset grid
set border 1
set xrange [0:262]
set xtics ("0" 0, "50 million" 50, "100" 100, "150" 150, "200" 200)
set yrange [0.35:3.75]
unset ytics
set lmargin at screen 0.02; set rmargin at screen 0.985
set bmargin at screen 0.15; set tmargin at screen 0.99
query = part[1] + part[2]; keys = part[3] + part[4]; values = part[5]; output = part[6]
full = F_max / 1e6
turned = part[2] * 64 / 192             # W_qr, which is not merged
merged = part[1] + turned + M_max / 1e6
bar(n, from, to, y, t) = sprintf("set object %d rect from %g,%g to %g,%g fc lt %d fs solid border lc rgb '#fefefe'", n, from, y - 0.24, to, y + 0.24, t)
row(n, q, k, y) = bar(n, 0, q, y, 1) . "; " . bar(n + 1, q, q + k, y, 3) . "; " . \
    bar(n + 2, q + k, q + k + values, y, 5) . "; " . \
    bar(n + 3, q + k + values, q + k + values + output, y, 2)
eval row(1, query, keys, 3)
eval row(11, full, keys, 2)
eval row(21, merged, part[3], 1)
set label 1 "as published" at 0,3.42 left tc lt 7
set label 2 "queries by one full matrix" at 0,2.42 left tc lt 7
set label 3 "queries and keys multiplied out" at 0,1.42 left tc lt 7
beside = query + keys + values + output + 4
set label 4 "queries" at beside,3.16 left tc lt 1
set label 5 "keys" at beside + 40,3.16 left tc lt 3
set label 6 "values" at beside,2.84 left tc lt 5
set label 7 "output" at beside + 40,2.84 left tc lt 2
plot NaN notitle
