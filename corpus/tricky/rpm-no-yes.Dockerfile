# dnf, microdnf and yum without -y: the build stops at the question, in a FROM of that family
FROM fedora:41
RUN dnf install gcc make
RUN dnf -y upgrade && dnf install 'dnf-command(config-manager)'
FROM registry.example.com/ubi9-minimal
RUN microdnf install tar gzip
FROM centos:7
RUN yum install epel-release && yum -y install jq
