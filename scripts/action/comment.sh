#!/bin/sh
# Keeps one comment with the report at a pull request: the one that begins with the marker, as every Markdown report does.
# Where there is none, one is made only for differences. A token that may not write (a pull request of a fork) is told, and no failure.
set -eu

marker='<!-- portolan-diff -->'
comments="repos/$REPOSITORY/issues/$PULL_REQUEST/comments"

give_up() {
  echo "::warning title=portolan diff::the comment could not be written; the report is in the step summary"
  exit 0
}

# Anybody may write the marker: only a bot's comment can be ours.
filter=".[] | select(.user.type == \"Bot\" and ((.body // \"\") | startswith(\"$marker\"))) | .id"
ids=$(gh api --paginate "$comments" --jq "$filter") || give_up
id=$(printf '%s\n' "$ids" | head -n 1)

if [ -n "$id" ]; then
  gh api --method PATCH --silent "repos/$REPOSITORY/issues/comments/$id" -F "body=@$REPORTS/diff.md" || give_up
elif [ "$DIFFERENT" = true ]; then
  gh api --method POST --silent "$comments" -F "body=@$REPORTS/diff.md" || give_up
fi
