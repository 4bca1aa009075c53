# escape=`
# A Windows image: PowerShell, backslashes and nothing for a Linux tool to do
FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command", "$ErrorActionPreference = 'Stop';"]
RUN New-Item -ItemType Directory C:\app; `
    Write-Host 'apt-get install less'
WORKDIR C:\app
COPY a.txt `
     C:\app\
CMD ["cmd", "/S", "/C", "type C:\\app\\a.txt"]
