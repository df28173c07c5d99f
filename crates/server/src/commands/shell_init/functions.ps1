# Functions for scripts of pipelines. $env:TELLTALE is the program they call.

function global:Invoke-TelltaleIssue {
    param(
        [string]$Category,
        [string]$Message,
        [string]$Type,
        [string]$ErrCode,
        [string]$SourcePath,
        [string]$LineNumber,
        [string]$ColumnNumber,
        [switch]$AsOutput
    )
    if ($Type -and $Type -ne 'error' -and $Type -ne 'warning') {
        Write-Host $Message
        return
    }
    $flags = @()
    if ($Type) { $flags += @('--type', $Type) }
    if ($Category) { $flags += @('--category', $Category) }
    if ($SourcePath) { $flags += @('--file', $SourcePath) }
    if ($LineNumber) { $flags += @('--line', $LineNumber) }
    if ($ColumnNumber) { $flags += @('--column', $ColumnNumber) }
    if ($ErrCode) { $flags += @('--code', $ErrCode) }
    # Quotes inside arguments are lost on their way to programs in Windows PowerShell.
    $version = $PSVersionTable.PSVersion
    if ($version.Major -lt 7 -or ($version.Major -eq 7 -and $version.Minor -lt 3)) {
        $Message = $Message.Replace('"', '\"')
    }
    $exitCode = $global:LASTEXITCODE
    if ($AsOutput) {
        & $env:TELLTALE issue @flags '--' $Message
    } else {
        & $env:TELLTALE issue @flags '--' $Message | Out-Host
    }
    # Reporting an error is not to hide the exit code that the script is about to look at.
    $global:LASTEXITCODE = $exitCode
}

function global:Write-PipelineTelemetryError {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Category,
        [Parameter(Mandatory = $true)][string]$Message,
        [string]$Type = 'error',
        [string]$ErrCode,
        [string]$SourcePath,
        [string]$LineNumber,
        [string]$ColumnNumber,
        [switch]$AsOutput,
        [switch]$Force
    )
    $null = $PSBoundParameters.Remove('Force')
    Invoke-TelltaleIssue @PSBoundParameters
}

# The same under the name that older scripts call.
function global:Write-PipelineTelemetryCategory {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Category,
        [Parameter(Mandatory = $true)][string]$Message,
        [string]$Type = 'error',
        [string]$ErrCode,
        [string]$SourcePath,
        [string]$LineNumber,
        [string]$ColumnNumber,
        [switch]$AsOutput,
        [switch]$Force
    )
    $null = $PSBoundParameters.Remove('Force')
    Invoke-TelltaleIssue @PSBoundParameters
}

function global:Write-PipelineTaskError {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Message,
        [string]$Type = 'error',
        [string]$ErrCode,
        [string]$SourcePath,
        [string]$LineNumber,
        [string]$ColumnNumber,
        [switch]$AsOutput,
        [switch]$Force
    )
    $null = $PSBoundParameters.Remove('Force')
    Invoke-TelltaleIssue @PSBoundParameters
}

function global:Write-PipelineSetResult {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Result,
        [string]$Message
    )
    & $env:TELLTALE complete '--result' $Result '--' $Message | Out-Host
}

function global:Format-TelltaleData {
    param([string]$Value)
    $Value = $Value.Replace('%', '%AZP25').Replace(';', '%3B').Replace("`r", '%0D')
    $Value.Replace("`n", '%0A').Replace(']', '%5D')
}

# Files of the service have a line for each name and path: a second line would be another one.
function global:Assert-TelltaleLine {
    param([string]$What, [string]$Text)
    if ($Text -match '[\r\n]') { throw "the $What holds a line break" }
}

function global:Write-PipelineSetVariable {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Name,
        [string]$Value,
        [switch]$Secret,
        [switch]$AsOutput,
        [bool]$IsMultiJobVariable = $true
    )
    if ($env:TF_BUILD) {
        $data = Format-TelltaleData $Value
        $flags = "isSecret=$($Secret.IsPresent);isOutput=$IsMultiJobVariable"
        $line = "##vso[task.setvariable variable=$(Format-TelltaleData $Name);$flags]$data"
        if ($AsOutput) { $line } else { Write-Host $line }
    } elseif ($env:GITHUB_ENV) {
        Assert-TelltaleLine 'name' $Name
        $delimiter = "telltale_$([guid]::NewGuid().ToString('N'))"
        Add-Content -Path $env:GITHUB_ENV -Value "$Name<<$delimiter`n$Value`n$delimiter"
    }
}

function global:Write-PipelinePrependPath {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)][string]$Path,
        [switch]$AsOutput
    )
    if ($env:TF_BUILD) {
        $line = "##vso[task.prependpath]$(Format-TelltaleData $Path)"
        if ($AsOutput) { $line } else { Write-Host $line }
    } elseif ($env:GITHUB_PATH) {
        Assert-TelltaleLine 'path' $Path
        Add-Content -Path $env:GITHUB_PATH -Value $Path
    }
}

function global:ExitWithExitCode([int]$exitCode) {
    exit $exitCode
}
