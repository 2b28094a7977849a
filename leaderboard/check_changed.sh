#!/usr/bin/env bash
# Check the submissions in which HEAD differs from its first parent, as a merge of a pull request does.
#
#     bash leaderboard/check_changed.sh BASE MMJUDGE
#
# BASE is a checkout of the first parent, whose seasons are made; MMJUDGE the command installed from it.
# Names of files are a stranger's: they are compared with a pattern before anything is done with them.
set -euo pipefail

base=$1 mmjudge=$2
pattern='^(leaderboard/([a-z0-9_]+/)?submissions/[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*)/[^/]+$'
folders=() failed=0

while IFS= read -r -d '' file; do
    if [[ $file =~ $pattern ]]; then
        folders+=("${BASH_REMATCH[1]}")
    elif [[ $file == leaderboard/*submissions* ]]; then
        printf -- '- %q: found in the submissions; submissions/JUDGE/RUN/FILE is allowed\n' "$file"
        failed=1
    else
        printf -- '- %q: is no submission: a person looks at it\n' "$file"
    fi
done < <(git diff --name-only --no-renames -z HEAD^1 HEAD)

while IFS= read -r folder; do
    [[ -n $folder ]] || continue
    echo "== $folder"
    if [[ -z $(git ls-tree -r --name-only HEAD -- "$folder") ]]; then
        echo "deleted: a person decides whether that is meant"
        continue
    fi
    seasons=()
    while IFS= read -r -d '' card; do
        seasons+=(--task "$(dirname "$card")")
    done < <(find "$base/leaderboard" -name task.yaml -not -path '*/submissions/*' -print0)
    "$mmjudge" leaderboard check "$folder" "${seasons[@]}" --against "${folder%/*/*}" || failed=1
done < <(printf '%s\n' "${folders[@]:-}" | sort -u)

exit "$failed"
