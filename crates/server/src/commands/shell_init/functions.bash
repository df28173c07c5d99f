# Functions for scripts of pipelines. TELLTALE is the program they call.

# Reads -type, -sourcepath, -linenumber, -columnnumber and -errcode in any letter case, with one
# dash or two; the rest is the message.
_telltale_issue() {
  local category=$1 name
  shift
  local flags=()
  while [ $# -gt 0 ]; do
    name=$(printf '%s' "${1#-}" | tr '[:upper:]' '[:lower:]')
    name=${name#-}
    case "$1" in
      --) shift; break ;;
      -*) ;;
      *) break ;;
    esac
    case "$name" in
      category|c) category=${2-} ;;
      type|t) flags+=(--type "${2-}") ;;
      sourcepath|s) flags+=(--file "${2-}") ;;
      linenumber|ln) flags+=(--line "${2-}") ;;
      columnnumber|cn) flags+=(--column "${2-}") ;;
      errcode|e) flags+=(--code "${2-}") ;;
      message|m) shift; break ;;
      force|asoutput) shift; continue ;;
      *) break ;;
    esac
    shift
    [ $# -gt 0 ] && shift
  done
  if [ -n "$category" ]; then
    flags+=(--category "$category")
  fi
  "$TELLTALE" issue "${flags[@]+"${flags[@]}"}" -- "$@"
}

# An error with a category: Write-PipelineTelemetryError -category C [-type …] text
Write-PipelineTelemetryError() {
  _telltale_issue '' "$@"
}

# The same under the name that older scripts call.
Write-PipelineTelemetryCategory() {
  _telltale_issue '' "$@"
}

# An error without a category.
Write-PipelineTaskError() {
  _telltale_issue '' "$@"
}

# The result of the task: Write-PipelineSetResult -result Failed [-message text]
Write-PipelineSetResult() {
  local result='' name
  while [ $# -gt 0 ]; do
    name=$(printf '%s' "${1#-}" | tr '[:upper:]' '[:lower:]')
    if [ "$1" = -- ]; then
      shift
      break
    fi
    case "${name#-}" in
      result|r) result=${2-}; shift ;;
      message|m) shift; break ;;
      *) break ;;
    esac
    shift
  done
  "$TELLTALE" complete --result "$result" -- "$@"
}

# A text as it must stand in a logging command.
_telltale_data() {
  local text=$1
  text=${text//'%'/%AZP25}
  text=${text//';'/%3B}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  text=${text//']'/%5D}
  printf '%s' "$text"
}

# Files of the service have a line for each name and path: a second line would be another one.
_telltale_line() {
  case "$2" in
    *$'\n'* | *$'\r'*)
      printf '%s: the %s holds a line break\n' "$3" "$1" >&2
      return 1
      ;;
  esac
}

# A variable for later steps: Write-PipelineSetVariable -name N -value V [-secret]
Write-PipelineSetVariable() {
  local name='' value='' secret=false output=true flag delimiter
  while [ $# -gt 0 ]; do
    flag=$(printf '%s' "${1#-}" | tr '[:upper:]' '[:lower:]')
    case "${flag#-}" in
      name|n) name=${2-}; shift ;;
      value|v) value=${2-}; shift ;;
      secret|s) secret=true ;;
      as_output|a) ;;
      is_multi_job_variable|i) output=${2-}; shift ;;
    esac
    [ $# -gt 0 ] && shift
  done
  if [ -n "${TF_BUILD-}" ]; then
    printf '##vso[task.setvariable variable=%s;isSecret=%s;isOutput=%s]%s\n' \
      "$(_telltale_data "$name")" "$secret" "$(_telltale_data "$output")" \
      "$(_telltale_data "$value")"
  elif [ -n "${GITHUB_ENV-}" ]; then
    _telltale_line name "$name" Write-PipelineSetVariable || return 1
    delimiter="telltale_${RANDOM}_${RANDOM}_${RANDOM}"
    printf '%s<<%s\n%s\n%s\n' "$name" "$delimiter" "$value" "$delimiter" >> "$GITHUB_ENV"
  fi
}

# A folder in front of the PATH of later steps: Write-PipelinePrependPath -path P
Write-PipelinePrependPath() {
  local path=${2-}
  case "${1-}" in
    -*) ;;
    *) path=${1-} ;;
  esac
  if [ -n "${TF_BUILD-}" ]; then
    printf '##vso[task.prependpath]%s\n' "$(_telltale_data "$path")"
  elif [ -n "${GITHUB_PATH-}" ]; then
    _telltale_line path "$path" Write-PipelinePrependPath || return 1
    printf '%s\n' "$path" >> "$GITHUB_PATH"
  fi
}

# Ends the script.
ExitWithExitCode() {
  exit "${1:-0}"
}
