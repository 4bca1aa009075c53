# Clean already, in several forms, with options whose values are no packages
FROM fedora:41
RUN dnf -y --setopt=install_weak_deps=False --exclude foo install jq && dnf clean all
RUN dnf install -y --nodocs tar && rm -rf /var/cache/dnf /var/cache/yum
FROM centos:7
RUN yum -y install jq; yum clean all; yum -y update
