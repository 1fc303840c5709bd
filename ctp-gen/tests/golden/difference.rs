//! The lines in which two texts differ.

/// Returns the lines of `before` (`-`) and `after` (`+`) that differ, each run with one line around it.
pub(crate) fn of(before: &str, after: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let all = lines(&before, &after);
    let mut text = String::new();
    let mut cut = false;
    for (position, (sign, line)) in all.iter().enumerate() {
        let around = position.saturating_sub(1)..=(position + 1).min(all.len() - 1);
        if all[around].iter().all(|(sign, _)| *sign == ' ') {
            cut = !text.is_empty();
            continue;
        }
        if std::mem::take(&mut cut) {
            text.push_str("…\n");
        }
        text.push_str(format!("{sign} {line}").trim_end());
        text.push('\n');
    }
    text
}

/// Pairs the lines by their longest common subsequence.
fn lines<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<(char, &'a str)> {
    // common[i][j]: length of the longest common subsequence of before[i..] and after[j..].
    let mut common = vec![vec![0_u32; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i][j] = if before[i] == after[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all = Vec::new();
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i] == after[j] {
            all.push((' ', before[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || (i < before.len() && common[i + 1][j] >= common[i][j + 1]) {
            all.push(('-', before[i]));
            i += 1;
        } else {
            all.push(('+', after[j]));
            j += 1;
        }
    }
    all
}
