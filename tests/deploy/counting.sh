# Sourced by the scripts beside it.
passed=0
failed=0

# check NAME COMMAND…: one check, counted once; what the command says is shown only if it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "  ok    $name"
  else
    failed=$((failed + 1))
    echo "  FAIL  $name"
    sed 's/^/        /' <<<"$output"
  fi
}

counted() {
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}
