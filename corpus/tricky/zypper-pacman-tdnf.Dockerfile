# Three more families: -n, --non-interactive, --noconfirm and -y stand in different places
FROM opensuse/leap:15.6
RUN zypper install jq && zypper -n in tar && zypper --non-interactive install -y gzip && zypper clean -a
FROM archlinux
RUN pacman -Syu jq && pacman -S --noconfirm tar && pacman -Scc --noconfirm
FROM registry.example.com/azurelinux:3
RUN tdnf install tar && tdnf install -y gzip && tdnf clean all
